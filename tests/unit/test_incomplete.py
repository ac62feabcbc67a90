"""Folders that lack files of theirs count as absent."""

import fcntl

import pytest

from micronets.atomic import atomic_directory
from micronets.errors import OutputError
from micronets.incomplete import forget_incomplete
from micronets.job import LOCK
from micronets.output_folder import output_folder


@pytest.fixture
def results(tmp_path):
    """A results folder with a data set, pictures and sources."""
    (tmp_path / LOCK).touch()
    with atomic_directory(tmp_path / "kws" / "data") as data:
        (data / "dataset.json").touch()
        (data / "audio.npy").touch()
        (data / "views").mkdir()
        (data / "views" / "50.npy").touch()
    with atomic_directory(tmp_path / "kws" / "pictures") as pictures:
        (pictures / "a.png").touch()
        (pictures / "b.png").touch()
    with output_folder(tmp_path / "kws" / "src") as sources:
        (sources / "network.c").write_text("int a;")
        (sources / "network.h").write_text("extern int a;")
    return tmp_path


def test_whole_folders_stay(results):
    (results / "kws" / "data" / "views" / "50.npy").unlink()  # made anew by who reads it
    assert forget_incomplete(results) == []
    assert len(list((results / "kws").rglob("*.*"))) >= 6


@pytest.mark.parametrize(
    ("gone", "forgotten"),
    [("data/audio.npy", "data/dataset.json"), ("pictures/a.png", "pictures"), ("src/network.h", "src")],
)
def test_what_lacks_a_file_is_forgotten(results, gone, forgotten):
    (results / "kws" / gone).unlink()
    (said,) = forget_incomplete(results, pretend=True)
    assert "was deleted; it is made anew" in said and (results / "kws" / forgotten).exists()
    assert forget_incomplete(results) == [said]
    assert not (results / "kws" / forgotten).exists()
    assert forget_incomplete(results) == []


def test_nothing_is_forgotten_under_another_workflow(results):
    (results / "kws" / "src" / "network.h").unlink()
    with open(results / LOCK, "a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert forget_incomplete(results) == []
    assert (results / "kws" / "src").exists()


def test_somebody_elses_file_is_not_deleted_with_it(results):
    (results / "kws" / "pictures" / "a.png").unlink()
    (results / "kws" / "pictures" / "mine.txt").touch()
    with pytest.raises(OutputError, match=r"mine\.txt was not written by the workflow"):
        forget_incomplete(results)
