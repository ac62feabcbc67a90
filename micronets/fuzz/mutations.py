"""Damaged .tflite files: truncated, bits flipped, words replaced."""

import numpy as np

from micronets.fuzz.layers import random_layer
from micronets.fuzz.networks import random_network
from micronets.fuzz.samples import random_operator

_WORDS = (0, 1, 2, 3, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFF, 0x10000, 0x40000000)


def mutated_model(seed: int) -> bytes:
    """A random model with up to eight kinds of damage, mostly near its structure rather than its weights."""
    random = np.random.default_rng([seed, 4])
    kinds = (random_network, random_layer, random_operator)
    content = bytearray(kinds[int(random.choice(3, p=(0.3, 0.4, 0.3)))](seed // 8))
    for _ in range(int(random.integers(1, 9))):
        kind = random.random()
        position = int(random.integers(0, len(content)))
        if kind < 0.05:
            del content[position:]
            content.extend(b"\0" * int(random.integers(0, 8)))
        elif kind < 0.45:
            content[position] ^= 1 << int(random.integers(0, 8))
        else:
            position = position // 4 * 4
            word = int(random.choice(_WORDS)) if random.random() < 0.5 else int(random.integers(0, 200))
            content[position : position + 4] = word.to_bytes(4, "little")
        if not content:
            break
    return bytes(content)
