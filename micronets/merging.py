"""Nested mappings of settings: one over the other, and out of keys that name several levels at once."""

import copy
from collections.abc import Mapping
from typing import Any


def expand(given: Mapping[str, Any]) -> dict[str, Any]:
    """Turns keys such as `train.batch_size` or `train__batch_size` into nested mappings (Snakemake's command line
    takes no dots in keys). A longer key goes over a shorter one, in whatever order they are given."""
    expanded: dict[str, Any] = {}
    split = [(key.replace("__", ".").split("."), value) for key, value in given.items()]
    for path, value in sorted(split, key=lambda entry: len(entry[0])):
        for part in reversed(path):
            value = {part: value}
        expanded = merge(expanded, value)
    return expanded


def merge(base: Any, over: Any) -> Any:
    """`over` merged into a copy of `base`: mappings key by key, everything else replaced."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return copy.deepcopy(over)
    merged = {key: copy.deepcopy(value) for key, value in base.items()}
    for key, value in over.items():
        merged[key] = merge(merged[key], value) if key in merged else copy.deepcopy(value)
    return merged
