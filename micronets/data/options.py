"""Turns a section of the configuration into a frozen dataclass, with a clear sentence for every mistake."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from micronets.errors import ConfigurationError

Options = TypeVar("Options")


def from_mapping(kind: type[Options], values: Mapping[str, Any], section: str) -> Options:
    """Builds `kind` from the keys in `values`; missing keys take the dataclass's defaults, nested dataclasses nest.

    Args:
        kind: a dataclass whose fields are bool, int, float, str, or dataclasses of such.
        values: the section of the configuration.
        section: its dotted name, for the messages.

    Raises:
        ConfigurationError: an unknown key, or a value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{section} is {values!r}; it must be a section with keys")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ConfigurationError(f"unknown key {section}.{unknown[0]}; {section} knows {', '.join(fields)}")
    arguments = {name: _converted(fields[name].type, value, f"{section}.{name}") for name, value in values.items()}
    return kind(**arguments)


def _converted(kind: type, value: Any, key: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_mapping(kind, value, key)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise ConfigurationError(f"{key} is {value!r}; it must be of type {kind.__name__}")
    return value


def require(condition: bool, key: str, value: Any, rule: str) -> None:
    """Raises a ConfigurationError that names the key unless `condition` holds."""
    if not condition:
        raise ConfigurationError(f"{key} is {value!r}; it must be {rule}")
