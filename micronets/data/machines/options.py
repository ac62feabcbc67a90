"""The sections `data` and `train.augmentation` of a task on machine sounds."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from micronets.data.machines.synthesis import GeneratedOptions
from micronets.data.options import check_path, require


@dataclass(frozen=True)
class DownloadOptions:
    """The section `data.download`: the folder of dev_data_{machine}.zip, on Zenodo or a mirror of it."""

    url: str = "https://zenodo.org/records/3678171/files"

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        proper = parts.scheme in ("http", "https") and parts.netloc
        require(bool(proper), "data.download.url", self.url, "an http(s) address with dev_data_slider.zip below it")


@dataclass(frozen=True)
class MachineOptions:
    """The section `data`; micronets/tasks/ad.yaml explains the keys."""

    source: str = "generated"
    path: str = ""
    download: DownloadOptions = DownloadOptions()
    machines: tuple[str, ...] = ()
    mimii_snr_db: int = 6
    generated: GeneratedOptions = GeneratedOptions()
    validation_percent: float = 10.0
    rejected_percent: float = 1.0

    def __post_init__(self) -> None:
        sources = ("generated", "folder", "download")
        require(self.source in sources, "data.source", self.source, f"one of {', '.join(sources)}")
        require(0 < self.validation_percent < 100, "data.validation_percent", self.validation_percent, "0 to 100")
        require(0 <= self.rejected_percent <= 100, "data.rejected_percent", self.rejected_percent, "between 0 and 100")
        unique = len(set(self.machines)) == len(self.machines)
        require(unique, "data.machines", list(self.machines), "a list without repetitions")
        check_path(self.source, self.path, "a folder of recordings of machines")


@dataclass(frozen=True)
class MachineAugmentation:
    """What is varied at random in training, each window by itself.

    Attributes:
        shift_frames: greatest move of a window within its clip, to either side.
        mixup_alpha: both parameters of the Beta distribution of mixup's weight (arXiv 1710.09412); 0 turns it off.
    """

    shift_frames: int = 10
    mixup_alpha: float = 0.3

    def __post_init__(self) -> None:
        require(self.shift_frames >= 0, "augmentation.shift_frames", self.shift_frames, "0 or more")
        require(self.mixup_alpha >= 0, "augmentation.mixup_alpha", self.mixup_alpha, "0 or more")
