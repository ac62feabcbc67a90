"""Where a report came from: commit, date, versions, seed."""

import importlib.metadata
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from micronets.report.records import Results

_REPOSITORY = Path(__file__).parents[2]
_PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "tflite-micro", "numpy", "pandas", "snakemake", "mlflow")
_TOOLS = ("arm-none-eabi-gcc", "qemu-system-arm")


Line = tuple[str, str, bool]
"""Name, value, and whether the value is to be set as code."""


@dataclass(frozen=True)
class Provenance:
    """What has to be known to get the same figures again.

    Attributes:
        commit: of this repository, with `modified` appended where files differ from it; empty outside a checkout.
        versions: of Python, packages and tools, by name.
    """

    created: datetime
    commit: str
    versions: dict[str, str]

    @classmethod
    def gather(cls) -> "Provenance":
        """As things stand here and now."""
        return cls(datetime.now(UTC), _commit(), {**_package_versions(), **_tool_versions()})

    def lines(self) -> list[Line]:
        """What holds for all tasks."""
        lines = [
            ("made", f"{self.created:%Y-%m-%d %H:%M} UTC", False),
            ("commit", self.commit, True),
            ("versions", ", ".join(f"{name} {version}" for name, version in self.versions.items()), False),
        ]
        return [line for line in lines if line[1]]


def data_lines(results: Results) -> list[Line]:
    """What a task's results rest on."""
    dataset = results.dataset
    clips = ", ".join(f"{split} {count:,}" for split, count in dataset.clips.items())
    return [
        ("data", f"{dataset.source}; {clips}", False),
        ("data hash", dataset.content_hash, True),
        ("seed", str(dataset.seed), False),
    ]


def _commit() -> str:
    if not (_REPOSITORY / ".git").exists():  # the package is installed, perhaps inside somebody else's repository
        return ""
    commit = _output_of(["git", "-C", str(_REPOSITORY), "rev-parse", "HEAD"])
    if not commit:
        return ""
    modified = _output_of(["git", "-C", str(_REPOSITORY), "status", "--porcelain", "--untracked-files=no"])
    return f"{commit} (modified)" if modified else commit


def _package_versions() -> dict[str, str]:
    versions = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _tool_versions() -> dict[str, str]:
    """The last word of the first line that a tool says about itself is not always its version; keep the line's own."""
    versions = {}
    for tool in _TOOLS:
        first_line = _output_of([tool, "--version"]).partition("\n")[0]
        if first_line:
            versions[tool] = next((word for word in first_line.split() if word[0].isdigit()), first_line)
    return versions


def _output_of(command: list[str]) -> str:
    """What a command prints; empty where it is not installed or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
