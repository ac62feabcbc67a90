"""Turns a section of the configuration into a frozen dataclass, with a clear sentence for every mistake."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from micronets.errors import ConfigurationError

Options = TypeVar("Options", bound=Any)


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """A section in which there is nothing to choose."""


def from_mapping(kind: type[Options], values: Mapping[str, Any], section: str) -> Options:
    """Builds `kind` from the keys in `values`; missing keys take the dataclass's defaults, nested dataclasses nest.

    Args:
        kind: a dataclass whose fields are bool, int, float, str, one of these or None, tuples of one such type, or
            dataclasses of such.
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


def _converted(kind: Any, value: Any, key: str) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return from_mapping(kind, value, key)
    if isinstance(kind, types.UnionType):
        return None if value is None else _converted(_without_none(kind), value, key)
    if typing.get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_converted(typing.get_args(kind)[0], item, key) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = typing.get_origin(kind) or kind
    if not isinstance(value, plain) or (kind is not bool and isinstance(value, bool)):
        raise ConfigurationError(f"{key} is {value!r}; it must be of type {plain.__name__}")
    return value


def schema_of(kind: Any) -> dict[str, Any]:
    """A JSON schema of the mappings that `from_mapping` turns into `kind`, with keys and types but without limits."""
    properties = {field.name: _schema_of_field(field.type) for field in dataclasses.fields(kind)}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _schema_of_field(kind: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind):
        return schema_of(kind)
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": _schema_of_field(typing.get_args(kind)[0])}
    if isinstance(kind, types.UnionType):
        return {"type": [_schema_of_field(_without_none(kind))["type"], "null"]}
    return {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[kind]}


def _without_none(kind: types.UnionType) -> type:
    (plain,) = set(typing.get_args(kind)) - {types.NoneType}
    return plain


def require(condition: bool, key: str, value: Any, rule: str) -> None:
    """Raises a ConfigurationError that names the key unless `condition` holds."""
    if not condition:
        raise ConfigurationError(f"{key} is {value!r}; it must be {rule}")
