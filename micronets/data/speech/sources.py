"""Where the recordings come from: a folder, an archive on the network, or a synthesiser."""

import logging
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from micronets.data.archive import unpack, unpacked_digest
from micronets.data.download import fetch
from micronets.data.options import check_path, require
from micronets.data.speech.layout import ALL_FOLDERS, NO_FOLDERS, OTHER_FOLDERS, find_vocabulary
from micronets.data.speech.synthesis import GeneratedOptions, check_words, generate
from micronets.data.speech.vocabulary import TEN_WORDS, Vocabulary
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
    keywords: tuple[str, ...] | str = TEN_WORDS
    unknown: tuple[str, ...] | str = OTHER_FOLDERS
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
        for name in ("validation", "testing", "rejected"):
            value = getattr(self, f"{name}_percent")
            require(0 <= value <= 100, f"data.{name}_percent", value, "between 0 and 100")
        for name in ("silence", "unknown"):
            value = getattr(self, f"{name}_percent")
            require(value >= 0, f"data.{name}_percent", value, "0 or more")
        check_path(self.source, self.path, "the folder of recordings")
        self._check_words()

    def _check_words(self) -> None:
        names = ALL_FOLDERS, OTHER_FOLDERS, NO_FOLDERS
        if isinstance(self.keywords, str):
            require(self.keywords == names[0], "data.keywords", self.keywords, f"a list of words, or {names[0]}")
            known = self.source == "folder"
            require(known, "data.keywords", self.keywords, f"a list of words where data.source is {self.source}")
        else:
            listed = list(self.keywords)
            proper = bool(listed) and all(word and word[0] not in "._" and word.isprintable() for word in listed)
            require(proper, "data.keywords", listed, "a list of words, none of which begins with a dot or underscore")
            require(len(set(listed)) == len(listed), "data.keywords", listed, "a list without repetitions")
        if isinstance(self.unknown, str):
            choices = f"a list of folders, {names[1]} or {names[2]}"
            require(self.unknown in names[1:], "data.unknown", self.unknown, choices)
        else:
            both = sorted(set(self.unknown) & set(() if isinstance(self.keywords, str) else self.keywords))
            require(not both, "data.unknown", list(self.unknown), f"without the keywords {', '.join(both)}")
            require(bool(self.unknown), "data.unknown", list(self.unknown), f"a list of folders, or {names[2]}")
        if len(self.keywords) == 1 and self.unknown == NO_FOLDERS and self.silence_percent == 0:
            raise ConfigurationError(
                f"data.keywords is {list(self.keywords)}, with nothing to tell it from; let data.unknown be others, or "
                "data.silence_percent above 0"
            )


def expected_vocabulary(options: SpeechOptions) -> Vocabulary:
    """The words that the data stage will find.

    Raises:
        ConfigurationError: a word that the synthesiser cannot say.
        DataError: the folder lacks a word.
    """
    if options.source == "folder":
        return find_vocabulary(Path(options.path), options.keywords, options.unknown)
    if options.source == "generated":
        check_words(options.keywords)
    return Vocabulary(tuple(options.keywords), options.unknown != NO_FOLDERS)


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
        return folder, {"kind": "generated", "folder": _GENERATED, **_generate(options, folder, seed, threads)}
    if options.source == "download":
        folder, digest = _download(options, directory)
        return folder, {"kind": "download", "url": options.download.url, "sha256": digest}
    return Path(options.path), {"kind": "folder", "folder": options.path}


def _generate(options: SpeechOptions, folder: Path, seed: int, threads: int) -> dict[str, Any]:
    return generate(options.generated, folder, seed, threads, tuple(options.keywords))


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
