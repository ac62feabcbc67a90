"""YAML with a comment beside every choice, which serialisers cannot write."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_INDENT = 2
_COMMENTS_AT = 38  # columns; of a longer line the comment stands above


@dataclass(frozen=True)
class Line:
    """One key.

    Attributes:
        key: one that begins with `# ` is commented out with its value.
        value: anything that YAML can say, written in its flow style; a tuple of lines: a section.
        why: the comment.
    """

    key: str
    value: Any
    why: str = ""


def render(lines: Iterable[Line]) -> str:
    """The text of a file; `yaml.safe_load` gives the same keys and values."""
    return "".join(f"{line}\n" for line in _rendered(lines, 0))


def _rendered(lines: Iterable[Line], depth: int) -> Iterator[str]:
    for line in lines:
        section = isinstance(line.value, tuple)
        indent = " " * _INDENT * depth
        text = f"{indent}{line.key}:" + ("" if section else f" {_flow(line.value)}")
        if line.why and len(text) >= _COMMENTS_AT:
            yield f"{indent}# {line.why}"
            yield text
        else:
            yield f"{text.ljust(_COMMENTS_AT - 1)} # {line.why}" if line.why else text
        if section:
            yield from _rendered(line.value, depth + 1)


def _flow(value: Any) -> str:
    """On one line; text that YAML would take for something else, such as `no`, in quotes."""
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False)
    return text.strip()[1:-1]
