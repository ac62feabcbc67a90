"""Definitions of features of sounds as text, for files between stages."""

import json
from dataclasses import asdict

from micronets.features.filterbank import FilterbankParameters
from micronets.features.log_mel import LogMelParameters
from micronets.features.mfcc import MfccParameters

SoundFeatures = MfccParameters | FilterbankParameters | LogMelParameters

_KINDS = {"mfcc": MfccParameters, "filterbank": FilterbankParameters, "log_mel": LogMelParameters}


def to_text(parameters: SoundFeatures) -> str:
    """JSON of the parameters and of what they are of."""
    kind = next(name for name, kind in _KINDS.items() if isinstance(parameters, kind))
    return json.dumps({"kind": kind, **asdict(parameters)})


def from_text(text: str) -> SoundFeatures:
    """What `to_text` was given.

    Raises ValueError, KeyError or TypeError where the text is no such JSON, ConfigurationError where the parameters are
    impossible.
    """
    content = json.loads(text)
    return _KINDS[content.pop("kind")](**content)
