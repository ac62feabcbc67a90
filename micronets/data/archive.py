"""Unpacks a .tar.gz that nobody has to trust."""

import gzip
import json
import logging
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from micronets.atomic import atomic_directory, write_json
from micronets.errors import DataError
from micronets.progress import Progress

logger = logging.getLogger(__name__)

COMPLETE = ".complete.json"
_MAX_FILES = 1_000_000
_MOST_FOLDERS = 100_000
_MAX_FILE_BYTES = 256 << 20
_MAX_EXPANSION = 20  # audio shrinks to a half or so; beyond this it is no audio
_MOST_HEADER_BYTES = 1 << 20  # of a name, or of anything else that is told of a file
_FREE_BYTES = 64 << 20


def unpack(archive: Path, folder: Path, digest: str) -> None:
    """Unpacks `archive` into `folder`, whole or not at all; `folder` gets a note of the archive's checksum.

    Only regular files and folders inside `folder` are made, without the archive's owners and modes.

    Raises:
        DataError: others' files in `folder`; a damaged archive; an absolute path, one with `..`, a link or a device in
            it; more or larger files than a data set of recordings has; or too little disk space.
    """
    limit = _MAX_EXPANSION * archive.stat().st_size + (1 << 20)
    refuse_others_files(folder)
    with atomic_directory(folder) as beside:
        try:
            _unpack(archive, beside, limit)
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, RecursionError) as error:
            raise DataError(f"{archive} is damaged ({error}); remove it to download it again") from None
        except OSError as error:
            raise DataError(f"{archive} cannot be unpacked to {folder}: {error.strerror or error}") from None
        write_json(beside / COMPLETE, {"sha256": digest})


def unpacked_digest(folder: Path) -> str | None:
    """The checksum of the archive that `folder` was unpacked from; None unless it was, to its end."""
    try:
        return json.loads((folder / COMPLETE).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def refuse_others_files(folder: Path) -> None:
    """Raises DataError where the folder holds anything that no archive was unpacked to: it would be replaced."""
    if folder.exists() and unpacked_digest(folder) is None and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{folder} is there, but has not been unpacked here from an archive; move it away, or if it is the data "
            "set, name it with data.source: folder and data.path"
        )


def inner_path(name: str, archive: Path) -> PurePosixPath:
    """The path of a member of `archive`; raises DataError for one that leads out of the folder it is unpacked to."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise DataError(f"{archive} holds the unsafe path {name!r}; it is not the official archive")
    return path


def _unpack(archive: Path, folder: Path, limit: int) -> None:
    packed_megabytes = round(archive.stat().st_size / 1e6)
    progress = Progress(logger, "MB unpacked", packed_megabytes)
    files = folders = unpacked = shown = 0
    with (
        open(archive, "rb") as stream,
        _Bounded(stream, archive, limit) as plain,
        tarfile.open(fileobj=plain, mode="r:") as tar,
    ):
        for member in tar:
            target = _target(member, folder, archive)
            if member.isdir():
                folders += 1
                if folders > _MOST_FOLDERS:
                    raise DataError(f"{archive} unpacks to more folders than recordings need")
                target.mkdir(parents=True, exist_ok=True)
                continue
            files += 1
            unpacked += member.size
            if files > _MAX_FILES or unpacked > limit or member.size > _MAX_FILE_BYTES:
                raise DataError(f"{archive} unpacks to more or larger files than recordings do, at {member.name!r}")
            free = shutil.disk_usage(folder).free if files % 500 == 1 else None
            if free is not None and free < member.size + _FREE_BYTES:
                raise DataError(f"only {free / 1e6:.0f} MB are free to unpack {archive}; free some and run again")
            target.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None  # a file: folders are passed over, anything else is refused
            with source, open(target, "xb") as sink:
                shutil.copyfileobj(source, sink)
            if target.stat().st_size != member.size:
                raise DataError(f"{archive} is damaged: {member.name!r} is cut off; remove it to download it again")
            megabytes = round(stream.tell() / 1e6)
            progress.advance(megabytes - shown)
            shown = megabytes
        while rest := plain.read(1 << 20):  # to the end, where gzip's own checksum stands
            unpacked += len(rest)
            if unpacked > limit:
                raise DataError(f"{archive} unpacks to more than recordings do; it is not the official archive")


class _Bounded(gzip.GzipFile):
    """What is unpacked of an archive, as tarfile reads it: headers, which it takes as a whole, at one go.

    Raises DataError where one is longer than names are, or all of them together than an archive's can be.
    """

    def __init__(self, packed: BinaryIO, archive: Path, limit: int):
        super().__init__(fileobj=packed)
        self._archive = archive
        self._left = limit + 2 * tarfile.BLOCKSIZE * _MAX_FILES

    def read(self, size: int | None = -1) -> bytes:
        wanted = _MOST_HEADER_BYTES + 1 if size is None or size < 0 else size
        self._left -= wanted
        if wanted > _MOST_HEADER_BYTES or self._left < 0:
            raise DataError(f"{self._archive} has longer headers than archives have; it is not the official archive")
        return super().read(size)


def _target(member: tarfile.TarInfo, folder: Path, archive: Path) -> Path:
    """Where a member goes; DataError for one that must not be unpacked."""
    path = inner_path(member.name, archive)
    if not (member.isreg() or member.isdir()):
        raise DataError(f"{archive} holds {member.name!r}, which is a link or a device; it is not the official archive")
    return folder / path
