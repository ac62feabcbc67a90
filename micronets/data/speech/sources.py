"""Where the recordings come from: a folder, an archive on the network, or a synthesiser."""

import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from micronets.data.archive import unpack, unpacked_digest
from micronets.data.download import fetch
from micronets.data.options import require
from micronets.data.speech.synthesis import GeneratedOptions, generate
from micronets.errors import ConfigurationError

logger = logging.getLogger(__name__)

_GENERATED = "generated"
_SUFFIXES = (".tar.gz", ".tgz")


@dataclass(frozen=True)
class DownloadOptions:
    """The section `data.download`. The checksum is the one TensorFlow Datasets publishes for Speech Commands v0.02."""

    url: str = "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
    sha256: str = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        proper = parts.scheme in ("http", "https") and parts.netloc and parts.path.endswith(_SUFFIXES)
        require(bool(proper), "data.download.url", self.url, f"an http(s) address ending in {' or '.join(_SUFFIXES)}")
        hexadecimal = len(self.sha256) in (0, 64) and all(digit in "0123456789abcdefABCDEF" for digit in self.sha256)
        require(hexadecimal, "data.download.sha256", self.sha256, "64 hexadecimal digits, or empty")


@dataclass(frozen=True)
class SpeechOptions:
    """The section `data` of a spoken task's configuration; micronets/tasks/kws.yaml explains the keys."""

    source: str = "generated"
    path: str = ""
    download: DownloadOptions = DownloadOptions()
    generated: GeneratedOptions = GeneratedOptions()
    silence_percent: float = 10.0
    unknown_percent: float = 10.0
    validation_percent: float = 10.0
    testing_percent: float = 10.0
    rejected_percent: float = 1.0

    def __post_init__(self) -> None:
        sources = ("generated", "folder", "download")
        require(self.source in sources, "data.source", self.source, f"one of {', '.join(sources)}")
        for name in ("silence", "unknown", "validation", "testing", "rejected"):
            value = getattr(self, f"{name}_percent")
            require(0 <= value <= 100, f"data.{name}_percent", value, "between 0 and 100")
        if self.source == "folder" and not self.path:
            raise ConfigurationError(
                "data.source is folder, but data.path is empty; set it to the folder of recordings"
            )


def find_source(
    options: SpeechOptions, directory: Path, beside: Path, seed: int, threads: int
) -> tuple[Path, dict[str, Any]]:
    """The folder of recordings in the official layout; generates or downloads it first if it has to.

    Generated recordings become part of the prepared dataset; a downloaded archive and what is unpacked from it stay in
    `data.path`, or beside the prepared dataset, for every later run.

    Args:
        options: the section `data`.
        directory: where the prepared dataset will be.
        beside: where it is being made.
        seed: of the synthesiser.
        threads: processes.

    Returns:
        The folder, and what dataset.json says of the source.
    """
    if options.source == "generated":
        folder = beside / _GENERATED
        return folder, {"kind": "generated", "folder": _GENERATED, **generate(options.generated, folder, seed, threads)}
    if options.source == "download":
        folder, digest = _download(options, directory)
        return folder, {"kind": "download", "url": options.download.url, "sha256": digest}
    return Path(options.path), {"kind": "folder", "folder": options.path}


def _download(options: SpeechOptions, directory: Path) -> tuple[Path, str]:
    place = Path(options.path) if options.path else directory.parent / "download"
    name = PurePosixPath(urlsplit(options.download.url).path).name
    folder = place / next(name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix))
    digest = unpacked_digest(folder)
    expected = options.download.sha256.lower()
    if digest and expected in ("", digest):
        logger.info("%s is there already", folder)
        return folder, digest
    digest = fetch(options.download.url, place / name, expected)
    unpack(place / name, folder, digest)
    return folder, digest
