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
        kind: a dataclass whose fields are bool, int, float, str, tuples of one such type, one of these or another or
            None, or dataclasses of such.
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
        return None if value is None else _converted(_member(kind, value), value, key)
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
        schemas = [_schema_of_field(member) for member in typing.get_args(kind)]
        merged = {key: value for schema in schemas for key, value in schema.items()}
        return merged | {"type": [schema["type"] for schema in schemas]}
    if kind is types.NoneType:
        return {"type": "null"}
    return {"type": {bool: "boolean", int: "integer", float: "number", str: "string"}[kind]}


def _member(kind: types.UnionType, value: Any) -> Any:
    """The type of a union that a value is to have: that of its tuples where it is a list, otherwise the other one."""
    members = [member for member in typing.get_args(kind) if member is not types.NoneType]
    wanted = isinstance(value, list | tuple)
    return next((member for member in members if (typing.get_origin(member) is tuple) == wanted), members[0])


def check_path(source: str, path: str, what: str) -> None:
    """Raises a ConfigurationError unless `data.path` is given where `data.source` wants it, and only there.

    Args:
        what: is to be there, for the message.
    """
    if source in ("folder", "folders") and not path:
        raise ConfigurationError(f"data.source is {source}, but data.path is empty; set it to {what}")
    if source == "generated" and path:
        raise ConfigurationError(
            f"data.path is {path!r}, but data.source is generated, which reads nothing; set data.source to folder, or "
            "leave data.path out"
        )


def require(condition: bool, key: str, value: Any, rule: str) -> None:
    """Raises a ConfigurationError that names the key unless `condition` holds."""
    if not condition:
        raise ConfigurationError(f"{key} is {value!r}; it must be {rule}")
