"""The section `data` of a task whose recordings are files in a folder."""

from dataclasses import dataclass

from micronets.data.options import require


@dataclass(frozen=True)
class FolderOptions:
    """The section `data`; a task with further keys inherits from it.

    Attributes:
        source: "folder", the only one; it has the configuration check that `path` is there before anything runs.
        path: the folder of all recordings.
        labels: the classes, in the order of a network's outputs.
        validation_percent, testing_percent: least share of the recordings in these splits.
        rejected_percent: more unusable recordings than this stop the stage.
    """

    source: str = "folder"
    path: str = ""
    labels: tuple[str, ...] = ()
    validation_percent: float = 20.0
    testing_percent: float = 20.0
    rejected_percent: float = 1.0

    def __post_init__(self) -> None:
        require(self.source == "folder", "data.source", self.source, "folder")
        proper = len(self.labels) > 1 and len(set(self.labels)) == len(self.labels)
        require(proper, "data.labels", list(self.labels), "a list of two or more different names")
        for name in ("validation_percent", "testing_percent"):
            value = getattr(self, name)
            require(0 < value < 100, f"data.{name}", value, "above 0, below 100")
        require(0 <= self.rejected_percent <= 100, "data.rejected_percent", self.rejected_percent, "0 to 100")
