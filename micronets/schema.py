"""Checks values against a JSON schema (draft 2020-12) and says in one sentence what is wrong with which key."""

import contextlib
import copy
import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from micronets.errors import ConfigurationError

_TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "empty",
}


def check(value: Any, schema: Mapping[str, Any], key: str, within: tuple[str, ...] = ()) -> Any:
    """Returns a copy of `value` that satisfies `schema`, with text turned into numbers where the schema wants them.

    Snakemake hands every scalar inside `--config key={...}` over as text, so text that reads as a value of the
    wanted type is taken for it.

    Args:
        key: dotted key of the value, for the messages; empty at the top.
        within: path of the subschema to check against.

    Raises ConfigurationError for the first mistake.
    """
    subschema: Any = schema
    for part in within:
        subschema = subschema[part]
    validator = Draft202012Validator({**subschema, "$defs": schema.get("$defs", {})})
    holder = {"value": copy.deepcopy(value)}
    errors = list(validator.iter_errors(holder["value"]))
    if any([_read_text(holder, error) for error in errors]):
        errors = list(validator.iter_errors(holder["value"]))
    if errors:
        raise ConfigurationError(_sentence(min(errors, key=lambda error: list(map(str, error.absolute_path))), key))
    _refuse_infinite(holder["value"], key)
    return holder["value"]


def with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """A copy of `value` in which every key that it leaves out has the default that the schema states, if any."""
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    filled = {key: copy.deepcopy(part) for key, part in value.items()}
    for key, subschema in schema.get("properties", {}).items():
        if key in filled or "default" in subschema:
            filled[key] = with_defaults(filled.get(key, subschema.get("default")), subschema)
    return filled


def closest(name: str, known: Iterable[str]) -> str:
    """A remedy for a wrong name: `did you mean 'x'?` where one is near, otherwise all that are known."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}" if near else f"known are {', '.join(known)}"


def _refuse_infinite(value: Any, key: str) -> None:
    """Comparisons with not-a-number are false, so that a schema lets it pass."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            _refuse_infinite(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigurationError(f"{key} is {value}, but must be a finite number.")


def _read_text(holder: dict[str, Any], error: ValidationError) -> bool:
    if error.validator != "type" or not isinstance(error.instance, str):
        return False
    wanted = Draft202012Validator({"type": error.validator_value})
    read = next((value for value in _readings(error.instance) if wanted.is_valid(value)), None)
    if read is None:
        return False
    path = ["value", *error.absolute_path]
    parents, last = path[:-1], path[-1]
    place: Any = holder
    for part in parents:
        place = place[part]
    place[last] = read
    return True


def _readings(text: str) -> Iterator[Any]:
    with contextlib.suppress(yaml.YAMLError):
        yield yaml.safe_load(text)
    with contextlib.suppress(ValueError):
        yield float(text)  # YAML takes 1e-3 for text


def _sentence(error: ValidationError, key: str) -> str:
    path = ".".join([key, *map(str, error.absolute_path)] if key else map(str, error.absolute_path))
    value = error.validator_value
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        wrong = sorted(set(error.instance) - set(known))[0]
        return f"Unknown configuration key {f'{path}.{wrong}' if path else wrong!r}; {closest(wrong, known)}."
    if error.validator == "required":
        missing = sorted(set(value) - set(error.instance))[0]
        return f"Configuration key {f'{path}.{missing}' if path else missing!r} is missing; add it."
    if error.validator == "type":
        names = [value] if isinstance(value, str) else value
        # yes, no, on and off mean true and false in YAML
        remedy = "; put it in quotes" if isinstance(error.instance, bool) and "string" in names else ""
        return f"{path} is {error.instance!r}, but must be {' or '.join(_TYPE_NAMES[name] for name in names)}{remedy}."
    if "propertyNames" in error.schema_path:
        return f"{path}: the name {error.instance!r} must be made of lower-case letters, digits and hyphens."
    demand = {
        "minimum": f"at least {value}",
        "exclusiveMinimum": f"greater than {value}",
        "maximum": f"at most {value}",
        "exclusiveMaximum": f"less than {value}",
        "enum": f"one of {', '.join(map(str, value)) if isinstance(value, list) else value}",
        "minItems": f"a list of {value} or more",
        "minProperties": f"a mapping of {value} or more",
        "minLength": "given",
        "uniqueItems": "a list without repetitions",
        "pattern": f"of the form {value}",
        "oneOf": "of another form, see the comment beside it",
        "anyOf": "of another form, see the comment beside it",
    }
    return f"{path} is {error.instance!r}, but must be {demand.get(str(error.validator), error.message)}."
