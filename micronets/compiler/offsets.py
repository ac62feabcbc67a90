"""Static memory plan: an offset in one arena for every buffer, for the least peak.

Buffers alive at the same step must not overlap, except where a kernel allows it: a kernel that has read its input
before it writes over it states the least distance `input offset - output offset` at which that holds (0: in place).
Offsets are found by placing buffers one after another at their lowest feasible offset, in many orders; the orders are
drawn from a fixed seed, so equal networks give equal plans.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

ALIGNMENT_BYTES = 4
_ROUNDS = 400


@dataclass(frozen=True)
class Buffer:
    name: str
    size_bytes: int
    first_step: int
    last_step: int

    def alive_with(self, other: "Buffer") -> bool:
        return self.first_step <= other.last_step and other.first_step <= self.last_step


@dataclass(frozen=True)
class Overlap:
    """Buffers `upper` and `lower` (indices) may overlap where upper's offset - lower's offset is at least `least_bytes`
    or just `exact_bytes` (a multiple of 4)."""

    upper: int
    lower: int
    least_bytes: int
    exact_bytes: int | None = None


@dataclass(frozen=True)
class ArenaOffsets:
    offsets: tuple[int, ...]
    arena_bytes: int


def aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def find_offsets(buffers: Sequence[Buffer], overlaps: Sequence[Overlap]) -> ArenaOffsets:
    """Offsets (multiples of 4 bytes) for `buffers`; the arena is what the highest of them reaches."""
    if not buffers:
        return ArenaOffsets((), 0)
    constraints = _Constraints(buffers, overlaps)
    by_size = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size_bytes, buffers[i].first_step))
    by_time = sorted(range(len(buffers)), key=lambda i: (buffers[i].first_step, -buffers[i].size_bytes))
    candidates = [by_size, by_time, by_time[::-1]]
    best_order = min(candidates, key=lambda order: constraints.place(order)[1])
    best_offsets, best_peak = constraints.place(best_order)
    bound = max(buffer.size_bytes for buffer in buffers)
    randomness = random.Random(0)
    rounds = min(_ROUNDS, 4_000_000 // (len(buffers) ** 2 + 1))
    for _ in range(rounds):
        if best_peak <= aligned(bound):
            break
        order = list(best_order)
        for _ in range(randomness.choice((1, 1, 2, 3))):
            moved = order.pop(randomness.randrange(len(order)))
            order.insert(randomness.randrange(len(order) + 1), moved)
        # Only moving a buffer that reaches the arena's end can lower it.
        top = [i for i, offset in enumerate(best_offsets) if offset + constraints.sizes[i] == best_peak]
        moved = randomness.choice(top)
        order.remove(moved)
        order.insert(randomness.randrange(len(order) + 1), moved)
        offsets, peak = constraints.place(order)
        if peak <= best_peak:
            best_order, best_offsets, best_peak = order, offsets, peak
    return ArenaOffsets(tuple(best_offsets), best_peak)


class _Constraints:
    def __init__(self, buffers: Sequence[Buffer], overlaps: Sequence[Overlap]) -> None:
        self.sizes = [aligned(buffer.size_bytes) for buffer in buffers]
        self.rivals: list[list[int]] = [[] for _ in buffers]
        alive: list[int] = []
        for i in sorted(range(len(buffers)), key=lambda i: buffers[i].first_step):
            alive = [j for j in alive if buffers[j].last_step >= buffers[i].first_step]
            for j in alive:
                self.rivals[i].append(j)
                self.rivals[j].append(i)
            alive.append(i)
        # allowed[(i, j)]: these differences offset(i) - offset(j) are as good as being apart.
        self.allowed = {(o.upper, o.lower): (aligned(o.least_bytes), o.exact_bytes) for o in overlaps}

    def place(self, order: Sequence[int]) -> tuple[list[int], int]:
        offsets: list[int | None] = [None] * len(self.sizes)
        peak = 0
        for index in order:
            size = self.sizes[index]
            # Every placed rival forbids one interval of offsets, (low, high) exclusive.
            forbidden = []
            for rival in self.rivals[index]:
                at = offsets[rival]
                if at is None:
                    continue
                low, high = at - size, at + self.sizes[rival]
                holes = []
                as_upper = self.allowed.get((index, rival))
                if as_upper is not None:
                    high = min(high, at + as_upper[0])
                    holes += [] if as_upper[1] is None else [at + as_upper[1]]
                as_lower = self.allowed.get((rival, index))
                if as_lower is not None:
                    low = max(low, at - as_lower[0])
                    holes += [] if as_lower[1] is None else [at - as_lower[1]]
                for hole in holes:
                    if low < hole < high:
                        forbidden.append((low, hole))
                        low = hole
                if low < high:
                    forbidden.append((low, high))
            offset = _lowest(forbidden)
            offsets[index] = offset
            peak = max(peak, offset + size)
        return [offset or 0 for offset in offsets], peak


def _lowest(forbidden: list[tuple[int, int]]) -> int:
    """The lowest offset from 0 upwards strictly inside no forbidden interval."""
    offset = 0
    for low, high in sorted(forbidden):
        if low < offset < high:
            offset = high
    return offset
