"""What somebody else put into an output folder is never deleted or overwritten."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from micronets.errors import OutputError
from micronets.output_folder import LIST, output_folder


def write(folder, **files):
    with output_folder(folder) as fresh:
        for stem, text in files.items():
            path = fresh / f"{stem.replace('__', '/')}.c"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def contents(folder):
    """All files below, but the list of what was written."""
    files = (path for path in folder.rglob("*") if not path.is_dir() and path.name != LIST)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_files_appear_together(tmp_path):
    folder = tmp_path / "deep" / "net"
    with output_folder(folder) as fresh:
        (fresh / "a.c").write_text("a", encoding="utf-8")
        assert not folder.exists()
    assert contents(folder) == {"a.c": "a"}
    assert os.listdir(tmp_path / "deep") == ["net"]


def test_a_failure_leaves_all_as_it_was(tmp_path):
    write(tmp_path / "net", a="old")
    for folder in (tmp_path / "net", tmp_path / "other"):
        with pytest.raises(RuntimeError), output_folder(folder) as fresh:
            (fresh / "a.c").write_text("new", encoding="utf-8")
            raise RuntimeError
    assert contents(tmp_path) == {"net/a.c": "old"}
    assert os.listdir(tmp_path) == ["net"]


def test_a_second_call_replaces_what_the_first_one_wrote(tmp_path):
    write(tmp_path, a="1", b="1", sub__c="1")
    write(tmp_path, a="2", d="2")
    assert contents(tmp_path) == {"a.c": "2", "d.c": "2"}
    assert not (tmp_path / "sub").exists()


def test_strangers_stay(tmp_path):
    (tmp_path / "main.c").write_text("mine", encoding="utf-8")
    write(tmp_path, a="1", sub__b="1")
    (tmp_path / "sub" / "notes.txt").write_text("mine", encoding="utf-8")
    write(tmp_path, a="2")
    assert contents(tmp_path) == {"a.c": "2", "main.c": "mine", "sub/notes.txt": "mine"}


def test_a_stranger_in_the_way_is_named_and_nothing_is_written(tmp_path):
    (tmp_path / "b.c").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"b\.c is in the way and was not written by micronets"):
        write(tmp_path, a="1", b="1")
    assert contents(tmp_path) == {"b.c": "mine"}
    write(tmp_path, b="mine")
    assert contents(tmp_path) == {"b.c": "mine"}


def test_a_file_in_the_place_of_a_subfolder_is_named(tmp_path):
    (tmp_path / "sub").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="sub is in the way"):
        write(tmp_path, sub__b="1")
    assert contents(tmp_path) == {"sub": "mine"}


def test_a_changed_file_is_refused_before_any_work(tmp_path):
    write(tmp_path, a="1", b="1")
    (tmp_path / "b.c").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"b\.c was changed"), output_folder(tmp_path):
        raise AssertionError("must not get here")
    assert contents(tmp_path) == {"a.c": "1", "b.c": "mine"}
    (tmp_path / "b.c").unlink()
    write(tmp_path, b="2")
    assert contents(tmp_path) == {"b.c": "2"}


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("1", encoding="utf-8")
    write(tmp_path / "net", a="1")
    (tmp_path / "net" / "a.c").unlink()
    (tmp_path / "net" / "a.c").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match=r"a\.c was changed"):
        write(tmp_path / "net", b="1")
    assert (tmp_path / "net" / "a.c").is_symlink()


def test_an_interruption_between_two_files_is_mended_by_the_next_call(tmp_path, monkeypatch):
    write(tmp_path, a="1", b="1", stale="1")
    replace, moved = os.replace, []

    def stop_after_one_file(source, target):
        if Path(target).suffix == ".c":
            if moved:
                raise KeyboardInterrupt
            moved.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", stop_after_one_file)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, a="2", b="2")
    monkeypatch.undo()
    assert len(moved) == 1 and set(contents(tmp_path).values()) == {"1", "2"}
    write(tmp_path, a="3", b="3")
    assert contents(tmp_path) == {"a.c": "3", "b.c": "3"}
    assert {path.name for path in tmp_path.iterdir()} == {"a.c", "b.c", LIST}


def test_the_working_directory_is_a_folder_like_any_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(".", a="1")
    assert contents(tmp_path) == {"a.c": "1"}


def test_what_is_no_folder_or_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file is not a folder"):
        write(tmp_path / "file", a="1")
    with pytest.raises(OutputError, match=r"net cannot be written \(.*file: File exists\)"):
        write(tmp_path / "file" / "net", a="1")


@pytest.mark.parametrize("line", ["no digest", f"{'0' * 64}  ../precious", f"{'0' * 64}  /precious"])
def test_a_damaged_list_is_refused(tmp_path, line):
    (tmp_path / LIST).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(OutputError, match="is damaged"):
        write(tmp_path, a="1")


def test_the_list_is_one_that_sha256sum_reads(tmp_path):
    write(tmp_path, a="1", sub__b="2")
    subprocess.run(["sha256sum", "--check", "--quiet", LIST], cwd=tmp_path, check=True)
    assert f"{hashlib.sha256(b'1').hexdigest()}  a.c" in (tmp_path / LIST).read_text(encoding="utf-8").splitlines()
