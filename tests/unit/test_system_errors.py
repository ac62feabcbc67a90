"""What the machine denies, in a sentence with the remedy."""

import errno
import os
import shutil

import pytest

from micronets import system_errors
from micronets.data.parallel import in_chunks
from micronets.system_errors import full_disk, sentence


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "There is no space left on the disk of results/a.npy; free some, then run the same command"),
        (errno.EDQUOT, "There is no space left"),
        (errno.EROFS, "results/a.npy lies on a disk that is read-only; choose another folder"),
        (errno.EACCES, "You may not use results/a.npy; have yourself permitted (chmod u+rw results/a.npy)"),
        (errno.EFBIG, "raise the limit (ulimit -f)"),
        (errno.EMFILE, "raise the limit (ulimit -n 4096)"),
        (errno.ENOMEM, "Memory ran out"),
        (errno.EIO, "fails to read or write"),
    ],
)
def test_errors_of_the_system_are_told(number, told):
    error = OSError(number, os.strerror(number), "results/a.npy")
    assert told in (sentence(error, []) or "")
    wrapped = ValueError("cannot close the archive")
    wrapped.__context__ = error
    assert told in (sentence(wrapped, []) or "")


def test_memory_and_folders_for_temporary_files(tmp_path):
    assert "Memory ran out" in (sentence(MemoryError(), []) or "")
    assert "Memory ran out" in (sentence(ImportError("a.so: failed to map segment from shared object"), []) or "")
    error = FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")
    assert "export TMPDIR=" in (sentence(error, [tmp_path]) or "")


def test_other_errors_are_not_the_machines(tmp_path):
    assert sentence(ValueError("x"), [tmp_path, tmp_path / "gone"]) is None
    assert sentence(FileNotFoundError(errno.ENOENT, "no", "a.txt"), [tmp_path]) is None


def test_what_fails_for_no_reason_on_a_full_disk_fails_for_that(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(system_errors.shutil, "disk_usage", lambda folder: usage._replace(free=0))
    assert f"no space left on the disk of {tmp_path}" in (sentence(RuntimeError("System error"), [tmp_path]) or "")
    assert full_disk([tmp_path]) is not None


def kill_oneself(items):
    os.kill(os.getpid(), 9)


@pytest.mark.slow
def test_a_killed_worker_of_a_pool_is_told():
    with pytest.raises(Exception) as caught:  # of joblib's own
        list(in_chunks(kill_oneself, list(range(4)), 1, 2))
    assert "One of the job's processes was killed" in (sentence(caught.value, []) or "")
