"""Where the recordings come from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micronets.data.options import require
from micronets.errors import ConfigurationError

if TYPE_CHECKING:
    from micronets.tasks.kws import KeywordSpotting


@dataclass(frozen=True)
class SpeechOptions:
    """The section `data` of a spoken task's configuration; config/tasks/kws.yaml explains the keys."""

    source: str = "folder"
    path: str = ""
    silence_percent: float = 10.0
    unknown_percent: float = 10.0
    validation_percent: float = 10.0
    testing_percent: float = 10.0
    rejected_percent: float = 1.0

    def __post_init__(self):
        sources = ("folder",)
        require(self.source in sources, "data.source", self.source, f"one of {', '.join(sources)}")
        for name in ("silence", "unknown", "validation", "testing", "rejected"):
            value = getattr(self, f"{name}_percent")
            require(0 <= value <= 100, f"data.{name}_percent", value, "between 0 and 100")
        if self.source == "folder" and not self.path:
            raise ConfigurationError(
                "data.source is folder, but data.path is empty; set it to the folder of recordings"
            )


def find_source(
    options: SpeechOptions, task: "KeywordSpotting", directory: Path, beside: Path, seed: int, threads: int
) -> tuple[Path, dict[str, Any]]:
    """The folder of recordings in the official layout, and what dataset.json says of where it came from."""
    return Path(options.path), {"kind": "folder"}
