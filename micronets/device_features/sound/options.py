"""Settings of parameters on the command line."""

from collections.abc import Sequence
from typing import Any

import yaml

from micronets.errors import ConfigurationError


def parameter_changes(settings: Sequence[str]) -> dict[str, Any]:
    """Values of `key=value` texts, as YAML reads them.

    Raises ConfigurationError where a text is not of that form.
    """
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ConfigurationError(f"--set {setting} is no parameter; write it as key=value")
        changes[key] = yaml.safe_load(value)
    return changes
