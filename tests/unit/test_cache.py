"""Where things are kept that are made once."""

import os
import tempfile

import pytest

from micronets.cache import cache_folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_it_is_the_users_cache(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "home" / ".cache" / "micronets"
    assert cache_folder().is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" / "micronets"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the specification has programs ignore
    assert cache_folder() == tmp_path / "home" / ".cache" / "micronets"


def test_without_a_home_it_is_temporary(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME")
    assert cache_folder() == tmp_path / "tmp" / f"micronets-{os.getuid()}"
    assert cache_folder().stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_written_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file, as root may write to any folder", encoding="utf-8")
    assert cache_folder() == tmp_path / "tmp" / f"micronets-{os.getuid()}"


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME")
    (tmp_path / "tmp" / f"micronets-{os.getuid()}").mkdir()
    (tmp_path / "tmp" / f"micronets-{os.getuid()}").chmod(0o777)
    found = cache_folder()
    assert found.parent == tmp_path / "tmp" and found.name != f"micronets-{os.getuid()}"
    assert found == cache_folder()
    assert found.stat().st_mode & 0o777 == 0o700


def test_a_link_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "tmp" / f"micronets-{os.getuid()}").symlink_to(tmp_path / "theirs")
    assert cache_folder().resolve() != tmp_path / "theirs"
