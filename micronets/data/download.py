"""Fetches one large file over HTTP so that it is whole and the right one, or not there."""

import errno
import hashlib
import json
import logging
import shutil
import time
from pathlib import Path

import requests
import urllib3

from micronets.errors import DataError
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_PIECE_BYTES = 1 << 16
_TIMEOUT_S = (10, 60)  # to connect; between two pieces
_LEAST_BYTES, _LEAST_BYTES_S = 1 << 16, 120.0  # a server that gives fewer in this time stalls
_ATTEMPTS = 6  # in a row without as many new bytes
_SPARE_BYTES = 64 << 20
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class _Interrupted(Exception):
    """The transfer broke off; what has arrived is kept and the rest may be asked for again."""


def fetch(url: str, file: Path, sha256: str, *, md5: str = "", backoff_s: float = 1.0) -> str:
    """Downloads `url` to `file`, continuing where an earlier attempt broke off.

    What has arrived waits in `<file>.part` beside the file; only a complete file of the right checksum takes its name.

    Args:
        url: http or https; no redirection leads elsewhere.
        file: to make; if it is there already, only its checksum is checked.
        sha256: expected, hexadecimal; empty: unknown, then only the size is checked, with a warning.
        md5: expected, where no better checksum is published; empty: unknown.
        backoff_s: pause before the first repetition; it doubles with every one.

    Returns:
        The file's SHA-256.

    Raises:
        DataError: no such file on the server, a redirection to what is no web server, no answer after repeated
            attempts, fewer than 64 KiB in two minutes each time, too little disk space, or a checksum that differs.
    """
    if file.exists():
        return _check(file, file, sha256, md5, url)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".part")
    failures, arrived = 0, _size(partial)
    while True:
        try:
            _transfer(url, partial)
            break
        except _Interrupted as interruption:
            # What is sent again from the start is no progress: with a server that tells of more than it has this would
            # go on for ever.
            failures = 0 if _size(partial) >= arrived + _LEAST_BYTES else failures + 1
            arrived = max(arrived, _size(partial))
            if failures >= _ATTEMPTS:
                raise DataError(
                    f"{url} cannot be downloaded ({interruption}); run again to continue, or fetch it by other means "
                    f"to {file}"
                ) from None
            pause = backoff_s * 2**failures
            logger.warning("download broke off (%s); continuing in %.1f s", interruption, pause)
            time.sleep(pause)
    digest = _check(partial, file, sha256, md5, url)
    partial.rename(file)
    _source_of(partial).unlink(missing_ok=True)
    return digest


def _transfer(url: str, partial: Path) -> None:
    """One request for what is still missing; raises _Interrupted unless the file is complete afterwards."""
    done = _size(partial)
    version = _known_version(partial, url) if done else None
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
        if version:  # a file that has changed since is sent from its start
            headers["If-Range"] = version
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == 416:
                partial.unlink()
                raise _Interrupted("what had arrived does not fit the server's file; starting anew")
            if answer.status_code in _TRANSIENT:
                raise _Interrupted(f"the server answers {answer.status_code} {answer.reason}")
            if answer.status_code not in (200, 206):
                raise DataError(
                    f"{url} cannot be downloaded: the server answers {answer.status_code} {answer.reason}; "
                    "check data.download.url"
                )
            continues = answer.status_code == 206
            if continues and _range_start(answer) != done:
                partial.unlink()
                raise _Interrupted("the server sent another part than asked for")
            if not continues:
                done = 0
            total = _total_bytes(answer, done)
            _require_space(partial.parent, total - done if total else 0, url)
            _source_of(partial).write_text(json.dumps({"url": url, "version": _version(answer)}), encoding="utf-8")
            _receive(answer, partial, done, total)
    except requests.exceptions.InvalidSchema as error:
        raise DataError(
            f"{url} cannot be downloaded: it leads to what is no web server ({_short(error)}); check data.download.url"
        ) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DataError(
                f"no space left in {partial.parent} for {url}; free some and run again to continue"
            ) from None
        raise _Interrupted(_short(error)) from error
    if total and _size(partial) != total:
        raise _Interrupted(f"{_size(partial)} of {total} bytes arrived")


def _receive(answer: requests.Response, partial: Path, done: int, total: int | None) -> None:
    megabytes = (total or 0) / 1e6
    progress = Progress(logger, "MB", round(megabytes), done=round(done / 1e6)) if total else None
    counted = round(done / 1e6)
    with open(partial, "r+b" if done else "wb") as stream:
        stream.seek(done)
        stream.truncate()
        marked, marked_s = done, time.monotonic()
        while piece := answer.raw.read1(_PIECE_BYTES):
            stream.write(piece)
            done += len(piece)
            if total is None and done // _SPARE_BYTES > (done - len(piece)) // _SPARE_BYTES:
                _require_space(partial.parent, _SPARE_BYTES, answer.url)
            if done - marked >= _LEAST_BYTES:
                marked, marked_s = done, time.monotonic()
            elif time.monotonic() - marked_s > _LEAST_BYTES_S:
                raise _Interrupted(f"only {done - marked} bytes in {_LEAST_BYTES_S:g} s arrived")
            if progress and round(done / 1e6) > counted:
                progress.advance(round(done / 1e6) - counted)
                counted = round(done / 1e6)


def _range_start(answer: requests.Response) -> int | None:
    text = answer.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(text) if text.isdigit() else None


def _total_bytes(answer: requests.Response, done: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return done + int(length) if length.isdigit() else None


def _version(answer: requests.Response) -> str | None:
    """What tells this version of the file from another; weak tags do not promise equal bytes."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _source_of(partial: Path) -> Path:
    return partial.with_name(partial.name + ".json")


def _known_version(partial: Path, url: str) -> str | None:
    try:
        source = json.loads(_source_of(partial).read_text(encoding="utf-8"))
        return source["version"] if source["url"] == url else None
    except (OSError, ValueError, KeyError):
        return None


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _require_space(folder: Path, needed: int, url: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE_BYTES:
        raise DataError(
            f"{url} needs {needed / 1e6:.0f} MB more, but {folder} has only {free / 1e6:.0f} MB free; "
            "free some, or set data.path to another disk"
        )


def _check(file: Path, final: Path, sha256: str, md5: str, url: str) -> str:
    """The file's SHA-256; a file of another checksum than expected raises DataError, and goes unless it is `final`."""
    digest = _digest(file, "sha256")
    if not (sha256 or md5):
        logger.warning("%s has SHA-256 %s; write it into data.download.sha256 to have it checked", final, digest)
    for name, expected in (("SHA-256", sha256), ("MD5", md5)):
        found = digest if name == "SHA-256" or not expected else _digest(file, "md5")
        if not expected or found == expected.lower():
            continue
        if file == final:
            raise DataError(f"{final} has {name} {found}, not {expected}; remove it to download it again")
        file.unlink()
        _source_of(file).unlink(missing_ok=True)
        raise DataError(f"{url} gave a file with {name} {found}, not {expected}")
    return digest


def _digest(file: Path, name: str) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(name, usedforsecurity=False)).hexdigest()


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
