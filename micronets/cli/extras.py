"""Which optional parts of the installation there are, by the modules that they bring."""

import importlib.util
from collections.abc import Sequence

MODULES = {
    "data": ("joblib", "pandas", "PIL", "requests", "scipy", "soundfile", "soxr", "threadpoolctl", "urllib3"),
    "report": ("jinja2", "matplotlib", "pandas", "scipy", "vl_convert"),
    "tflm": ("ai_edge_litert", "flatbuffers", "tflite_micro"),
    "train": ("ai_edge_litert", "flatbuffers", "keras", "tensorflow"),
    "workflow": ("jsonschema", "mlflow", "psutil", "snakemake"),
}
"""Modules from outside that the package imports, by extra of `pyproject.toml`."""


def is_installed(extra: str) -> bool:
    """Whether everything of an extra can be imported."""
    return all(importlib.util.find_spec(module) is not None for module in MODULES[extra])


def missing_extras(needed: Sequence[str], error: ModuleNotFoundError) -> list[str]:
    """Those of the needed extras that are not whole, or else one that brings the module which was not found; none where
    that is in no extra."""
    lacking = [extra for extra in needed if not is_installed(extra)]
    module = (error.name or "").split(".")[0]
    if not lacking:
        lacking = [extra for extra, modules in MODULES.items() if module in modules][:1]
    return lacking
