"""Unpacks a .zip that nobody has to trust."""

import logging
import shutil
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from micronets.atomic import atomic_directory, write_json
from micronets.data.archive import COMPLETE, inner_path, refuse_others_files
from micronets.errors import DataError
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_MAX_FILES = 1_000_000
_MAX_FILE_BYTES = 2 << 30  # COCO's largest annotations take 0.5 GB
_MAX_EXPANSION = 20  # photographs hardly shrink, annotations to a fifth or so
_MOST_DIRECTORY_BYTES = 256 << 20  # zipfile reads an archive's directory as a whole
_FREE_BYTES = 64 << 20
_END, _END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_MOST_COMMENT_BYTES = 1 << 16


def unzip(archive: Path, folder: Path, digest: str) -> None:
    """Unpacks `archive`, which holds one folder of the name of `folder`, to `folder`, whole or not at all; `folder`
    gets a note of the archive's checksum.

    Only regular files and folders are made, without the archive's modes. Their contents are checked by the archive's
    own sums. That none is missing from its directory only the checksum of the whole archive can tell, which the caller
    has verified.

    Args:
        digest: the archive's checksum.

    Raises:
        DataError: others' files in `folder`; a damaged or encrypted archive; an absolute path, one with `..`, one
            outside that folder, a link or a device in it; more or larger files than a data set of photographs has; or
            too little disk space.
    """
    refuse_others_files(folder)
    with atomic_directory(folder) as beside:
        try:
            if _directory_bytes(archive) > _MOST_DIRECTORY_BYTES:
                raise DataError(f"{archive} lists more files than a data set has; it is not the official archive")
            with zipfile.ZipFile(archive) as content:
                _unzip(content, archive, folder.name, beside)
        except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError) as error:
            raise DataError(f"{archive} is damaged ({error}); remove it to download it again") from None
        except OSError as error:
            raise DataError(f"{archive} cannot be unpacked to {folder}: {error.strerror or error}") from None
        write_json(beside / COMPLETE, {"sha256": digest})


def _directory_bytes(archive: Path) -> int:
    """Size of the list of files at the archive's end, 0 where none is told (PKWARE, APPNOTE.TXT, 4.3.14 and 4.3.16)."""
    with open(archive, "rb") as stream:
        stream.seek(max(0, archive.stat().st_size - _END.size - _MOST_COMMENT_BYTES - 20 - _END_64.size))
        end = stream.read()
    place, place_64 = end.rfind(b"PK\5\6"), end.rfind(b"PK\6\6")
    found = 0
    if place >= 0 and len(end) - place >= _END.size and _END.unpack_from(end, place)[5] != 0xFFFFFFFF:
        found = _END.unpack_from(end, place)[5]
    if place_64 >= 0 and len(end) - place_64 >= _END_64.size:
        found = max(found, _END_64.unpack_from(end, place_64)[8])
    return found


def _unzip(content: zipfile.ZipFile, archive: Path, top: str, beside: Path) -> None:
    members = content.infolist()
    if not members:
        raise zipfile.BadZipFile("it lists no files")
    _judge(members, archive, beside)
    progress = Progress(logger, "MB unpacked", round(archive.stat().st_size / 1e6))
    packed = shown = 0
    for member in members:
        target = _target(member, top, beside, archive)
        if member.is_dir():
            if member.file_size:
                raise zipfile.BadZipFile(f"{member.filename!r} is a folder with contents")
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with content.open(member) as source, open(target, "xb") as sink:  # checks lengths and CRC-32
            shutil.copyfileobj(source, sink)
        packed += member.compress_size
        progress.advance(round(packed / 1e6) - shown)
        shown = round(packed / 1e6)


def _judge(members: list[zipfile.ZipInfo], archive: Path, beside: Path) -> None:
    """By the sizes in the archive's directory, beyond which nothing is unpacked."""
    unpacked = sum(member.file_size for member in members)
    too_large = max((member.file_size for member in members), default=0) > _MAX_FILE_BYTES
    if too_large or len(members) > _MAX_FILES or unpacked > _MAX_EXPANSION * archive.stat().st_size + (1 << 20):
        raise DataError(f"{archive} unpacks to more or larger files than photographs and their annotations are")
    free = shutil.disk_usage(beside).free
    if free < unpacked + _FREE_BYTES:
        raise DataError(
            f"{archive} unpacks to {unpacked / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free in {beside.parent}; "
            "free some, or set data.path to another disk"
        )


def _target(member: zipfile.ZipInfo, top: str, beside: Path, archive: Path) -> Path:
    """Where a member goes; DataError for one that must not be unpacked."""
    path = inner_path(member.filename, archive)
    if path.parts[:1] != (top,) or (len(path.parts) == 1 and not member.is_dir()):
        raise DataError(f"{archive} holds {member.filename!r} outside {top}/; it is not the official archive")
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"{archive} holds {member.filename!r}, a link or a device; it is not the official archive")
    return beside.joinpath(*path.parts[1:])
