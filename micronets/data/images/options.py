"""The sections `data` and `train.augmentation` of a task on images."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from micronets.data.images.coco import PERSON
from micronets.data.images.scenes import SceneOptions
from micronets.data.options import check_path, require


@dataclass(frozen=True)
class DownloadOptions:
    """The section `data.download`: which year of COCO, and from where (COCO's own server, or a mirror of it)."""

    year: int = 2014
    url: str = "http://images.cocodataset.org"

    def __post_init__(self) -> None:
        require(self.year in (2014, 2017), "data.download.year", self.year, "2014 or 2017")
        parts = urlsplit(self.url)
        proper = parts.scheme in ("http", "https") and parts.netloc
        require(bool(proper), "data.download.url", self.url, "an http(s) address with zips/ and annotations/ below it")


@dataclass(frozen=True)
class PictureOptions:
    """The section `data` of a task on folders of pictures; micronets/tasks/ic.yaml explains the keys."""

    source: str = "folders"
    path: str = ""
    classes: tuple[str, ...] = ()
    size: int = 32
    validation_percent: float = 10.0
    testing_percent: float = 20.0
    rejected_percent: float = 1.0

    def __post_init__(self) -> None:
        require(self.source == "folders", "data.source", self.source, "folders")
        require(16 <= self.size <= 224, "data.size", self.size, "16 to 224 pixels")
        _check_shares(self)


@dataclass(frozen=True)
class ImageOptions:
    """The section `data`; micronets/tasks/vww.yaml explains the keys."""

    source: str = "generated"
    path: str = ""
    download: DownloadOptions = DownloadOptions()
    generated: SceneOptions = SceneOptions()
    category: str = PERSON
    classes: tuple[str, ...] = ()
    person_area_percent: float = 0.5
    validation_percent: float = 10.0
    testing_percent: float = 20.0
    minival: str = ""
    rejected_percent: float = 1.0

    def __post_init__(self) -> None:
        sources = ("generated", "folder", "folders", "download")
        require(self.source in sources, "data.source", self.source, f"one of {', '.join(sources)}")
        require(0 <= self.person_area_percent <= 100, "data.person_area_percent", self.person_area_percent, "0 to 100")
        shown = self.category == PERSON or self.source in ("folder", "download")
        require(shown, "data.category", self.category, f"{PERSON} where data.source is {self.source}")
        listed = not self.classes or self.source == "folders"
        require(listed, "data.classes", list(self.classes), "empty, unless data.source is folders")
        _check_shares(self)
        check_path(self.source, self.path, "a folder of images")


def _check_shares(options: PictureOptions | ImageOptions) -> None:
    unique = len(set(options.classes)) == len(options.classes)
    require(unique, "data.classes", list(options.classes), "a list without repetitions")
    for name in ("validation_percent", "testing_percent", "rejected_percent"):
        value = getattr(options, name)
        require(0 <= value <= 100, f"data.{name}", value, "between 0 and 100")


@dataclass(frozen=True)
class ImageAugmentation:
    """What is varied at random in training, each image by itself.

    Attributes:
        flip_probability: share of the images that are mirrored.
        shift: greatest move to any side, as a share of the image; its border pixels move in.
        scale: greatest relative change of size.
        brightness: greatest change, as a share of white.
        contrast: greatest relative change of the distance from the image's mean.
        mixup_alpha: both parameters of the Beta distribution of mixup's weight (arXiv 1710.09412); 0 turns it off.
    """

    flip_probability: float = 0.5
    shift: float = 0.1
    scale: float = 0.2
    brightness: float = 0.15
    contrast: float = 0.25
    mixup_alpha: float = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.flip_probability <= 1, "augmentation.flip_probability", self.flip_probability, "0 to 1")
        for name in ("shift", "scale", "brightness", "contrast"):
            value = getattr(self, name)
            require(0 <= value < 1, f"augmentation.{name}", value, "at least 0, below 1")
        require(self.mixup_alpha >= 0, "augmentation.mixup_alpha", self.mixup_alpha, "0 or more")
