"""Where the images come from: a folder, COCO's archives on the network, or drawn scenes."""

import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from micronets.data.archive import unpacked_digest
from micronets.data.download import fetch
from micronets.data.images.options import ImageOptions, PictureOptions
from micronets.data.images.scenes import generate_scenes
from micronets.data.zip_archive import unzip

logger = logging.getLogger(__name__)

_GENERATED = "generated"


@dataclass(frozen=True)
class Archive:
    """A .zip of COCO, which holds one folder.

    Attributes:
        path: below `data.download.url`.
        folder: in it.
        sha256: that TensorFlow Datasets publishes (tensorflow_datasets/url_checksums/coco.txt).
    """

    path: str
    folder: str
    sha256: str


ARCHIVES: dict[int, tuple[Archive, ...]] = {
    2014: (
        Archive(
            "annotations/annotations_trainval2014.zip",
            "annotations",
            "031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009",
        ),
        Archive("zips/val2014.zip", "val2014", "fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0"),
        Archive("zips/train2014.zip", "train2014", "ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775"),
    ),
    2017: (
        Archive(
            "annotations/annotations_trainval2017.zip",
            "annotations",
            "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
        ),
        Archive("zips/val2017.zip", "val2017", "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05"),
        Archive("zips/train2017.zip", "train2017", "69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929"),
    ),
}
"""By year, the small ones first, so that what is wrong shows early."""


def find_source(
    options: ImageOptions | PictureOptions, directory: Path, beside: Path, seed: int, processes: int
) -> tuple[Path, dict[str, Any]]:
    """The folder of images, in COCO's layout unless `options.source` is folders; draws or downloads them first if it
    has to.

    Drawn scenes become part of the prepared dataset; downloaded archives and what is unpacked from them stay in
    `data.path`, or beside the prepared dataset, for every later run.

    Args:
        options: the section `data`.
        directory: where the prepared dataset will be.
        beside: where it is being made.
        seed: of the scenes.

    Returns:
        The folder, and what dataset.json says of the source.

    Raises:
        DataError: an archive cannot be fetched or unpacked.
    """
    if isinstance(options, PictureOptions) or options.source in ("folder", "folders"):
        return Path(options.path), {"kind": options.source, "folder": options.path}
    if options.source == "generated":
        folder = beside / _GENERATED
        generate_scenes(options.generated, folder, seed, processes)
        return folder, {"kind": "generated", "folder": _GENERATED}
    return _download(options, directory)


def _download(options: ImageOptions, directory: Path) -> tuple[Path, dict[str, Any]]:
    chosen = options.download
    place = Path(options.path) if options.path else directory.parent / "download"
    root = place / f"coco{chosen.year}"
    for archive in ARCHIVES[chosen.year]:
        folder = root / archive.folder
        if unpacked_digest(folder) == archive.sha256:
            logger.info("%s is there already", folder)
            continue
        packed = place / PurePosixPath(archive.path).name
        digest = fetch(f"{chosen.url.rstrip('/')}/{archive.path}", packed, archive.sha256)
        unzip(packed, folder, digest)
    return root, {"kind": "download", "url": chosen.url, "year": chosen.year}
