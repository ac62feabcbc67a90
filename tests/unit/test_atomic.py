"""Outputs are whole or absent, and killed writers leave nothing for good."""

import os
import signal
import subprocess
import sys

import pytest

from micronets.atomic import (
    OWN_FILES,
    add_own_file,
    atomic_directory,
    atomic_file,
    refuse_foreign_files,
    write_json,
    write_text,
)
from micronets.errors import OutputError


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "table.csv"
    with atomic_file(path) as beside:
        beside.write_text("half", encoding="utf-8")
        assert beside.suffix == ".csv" and not path.exists()
    assert path.read_text(encoding="utf-8") == "half"
    assert os.listdir(path.parent) == ["table.csv"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_file(path) as beside:
        beside.write_text("new", encoding="utf-8")
        raise RuntimeError
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_a_directory_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    (path / "stale").touch()
    with atomic_directory(path) as beside:
        (beside / "fresh").touch()
        assert os.listdir(path) == ["stale"]
    assert sorted(os.listdir(path)) == [OWN_FILES, "fresh"]
    assert os.listdir(tmp_path) == ["data"]


def test_a_failure_leaves_the_old_directory(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    (path / "old").touch()
    with pytest.raises(RuntimeError), atomic_directory(path) as beside:
        (beside / "new").touch()
        raise RuntimeError
    assert os.listdir(path) == ["old"]
    assert os.listdir(tmp_path) == ["data"]


def test_somebody_elses_file_in_a_directory_stays(tmp_path):
    path = tmp_path / "data"
    with atomic_directory(path) as beside:
        (beside / "deep").mkdir()
        (beside / "deep" / "a\nb").touch()
    (path / "later").touch()
    add_own_file(path, "later")
    (path / ".DS_Store").touch()
    refuse_foreign_files(path)
    mine = path / "deep" / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"deep/notes.txt was not written by the workflow"), atomic_directory(path):
        raise AssertionError
    mine.unlink()
    with pytest.raises(OutputError, match=r"link was not written"), atomic_directory(path):
        (path / "link").symlink_to(tmp_path)  # while it is being made
    assert (path / "link").is_symlink() and (path / "later").exists()
    (path / "link").unlink()
    with atomic_directory(path) as beside:
        (beside / "c").touch()
    assert sorted(os.listdir(path)) == [OWN_FILES, "c"]


KILLED = """
import os, signal, sys
from micronets.atomic import atomic_directory, atomic_file
with atomic_directory(sys.argv[1] + "/data") as folder, atomic_file(sys.argv[1] + "/table.csv") as file:
    (folder / "half").touch()
    file.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path, repository):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=repository)
    assert killed.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2
    assert not (tmp_path / "data").exists() and not (tmp_path / "table.csv").exists()
    with atomic_directory(tmp_path / "data"), atomic_file(tmp_path / "table.csv") as file:
        file.touch()
    assert sorted(os.listdir(tmp_path)) == ["data", "table.csv"]


def test_what_a_living_writer_is_at_stays(tmp_path):
    other = tmp_path / f".data.{os.getppid()}.partial"
    other.mkdir()
    with atomic_directory(tmp_path / "data"):
        pass
    assert other.is_dir()


def test_equal_content_gives_equal_bytes(tmp_path):
    write_json(tmp_path / "a.json", {"x": 1, "y": [2.5]})
    write_json(tmp_path / "b.json", {"y": [2.5], "x": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
