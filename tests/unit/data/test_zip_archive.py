"""Archives as they should be, and archives that are damaged, too large or hostile."""

import shutil
import stat
import zipfile

import numpy as np
import pytest

from micronets.atomic import OWN_FILES
from micronets.data import zip_archive
from micronets.data.archive import COMPLETE, unpacked_digest
from micronets.data.zip_archive import unzip
from micronets.errors import DataError

GOOD = {"val2017/": b"", "val2017/a.jpg": b"photograph", "val2017/more/b.jpg": b"another " * 100}


def pack(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(tmp_path, archive, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        unzip(archive, tmp_path / "coco" / "val2017", "abc")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "coco").iterdir())
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_folder_comes_out_with_a_note_of_the_checksum(tmp_path, compression):
    folder = tmp_path / "coco" / "val2017"
    folder.mkdir(parents=True)
    (folder / "left.jpg").write_bytes(b"of an earlier archive")
    (folder / COMPLETE).write_text('{"sha256": "of that"}', encoding="utf-8")
    unzip(pack(tmp_path / "a.zip", GOOD, compression), folder, "abc")
    assert (folder / "a.jpg").read_bytes() == b"photograph"
    assert (folder / "more" / "b.jpg").read_bytes() == b"another " * 100
    assert not (folder / "left.jpg").exists()
    assert unpacked_digest(folder) == "abc"
    assert unpacked_digest(tmp_path) is None


def test_a_folder_of_the_users_own_is_refused(tmp_path):
    folder = tmp_path / "coco" / "val2017"
    folder.mkdir(parents=True)
    (folder / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(DataError, match="val2017 is there, but has not been unpacked here from an archive"):
        unzip(pack(tmp_path / "a.zip", GOOD), folder, "abc")
    assert (folder / "mine.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("/evil", "unsafe path"),
        ("../evil", "unsafe path"),
        ("val2017/../../evil", "unsafe path"),
        ("..\\evil", "unsafe path"),
        ("evil", "outside val2017/"),
        ("train2017/a.jpg", "outside val2017/"),
        ("val2017", "outside val2017/"),
    ],
)
def test_members_elsewhere_stop_it_and_nothing_stays(tmp_path, name, sentence):
    refused(tmp_path, pack(tmp_path / "a.zip", GOOD | {name: b"x"}), sentence)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_stop_it(tmp_path, kind):
    archive = pack(tmp_path / "a.zip", GOOD)
    odd = zipfile.ZipInfo("val2017/odd")
    odd.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as content:
        content.writestr(odd, "/etc/passwd")
    refused(tmp_path, archive, "a link or a device")


def test_a_file_that_is_there_twice_stops_it(tmp_path):
    archive = pack(tmp_path / "a.zip", GOOD)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(archive, "a") as content:
        content.writestr("val2017/a.jpg", b"other")
    refused(tmp_path, archive, "cannot be unpacked")


def test_what_grows_beyond_measure_stops_it(tmp_path, monkeypatch):
    refused(tmp_path, pack(tmp_path / "a.zip", {"val2017/a.jpg": bytes(4 << 20)}), "more or larger files")
    monkeypatch.setattr(zip_archive, "_MAX_FILES", 2)
    refused(tmp_path, pack(tmp_path / "b.zip", GOOD), "more or larger files")
    monkeypatch.setattr(zip_archive, "_MAX_FILES", 100)
    monkeypatch.setattr(zip_archive, "_FREE_BYTES", 1 << 60)
    refused(tmp_path, pack(tmp_path / "c.zip", GOOD), "free some, or set data.path")


def test_no_file_comes_out_other_than_it_was_packed(tmp_path):
    """Every byte of the archive altered, and the archive cut off anywhere: proper files, or one sentence and nothing.

    One field may hide a member: the length of the first one's comment, which then swallows the second.
    """
    packed = {"a.jpg": b"photograph", "b.jpg": b"another " * 100}
    archive = pack(tmp_path / "a.zip", {f"val2017/{name}": content for name, content in packed.items()})
    whole = archive.read_bytes()
    central = whole.index(b"PK\x01\x02")
    comment_length = (central + 32, central + 33)
    folder = tmp_path / "coco" / "val2017"
    generator = np.random.default_rng(1)
    refusals = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= int(generator.integers(1, 256))
        for content in (bytes(damaged), whole[:place]):
            archive.write_bytes(content)
            try:
                unzip(archive, folder, "abc")
            except DataError as error:
                refusals += 1
                assert "\n" not in str(error)
                assert not folder.exists()
                continue
            kept = {file.name: file.read_bytes() for file in folder.iterdir() if file.name not in (COMPLETE, OWN_FILES)}
            assert kept == packed or (place in comment_length and kept == {"a.jpg": packed["a.jpg"]})
            shutil.rmtree(folder)
    assert refusals > len(whole)


def test_a_file_that_says_it_is_a_folder_and_an_empty_archive_are_damaged(tmp_path):
    refused(tmp_path, pack(tmp_path / "a.zip", GOOD | {"val2017/c.jpg/": b"photograph"}), "a folder with contents")
    refused(tmp_path, pack(tmp_path / "b.zip", {}), "lists no files")


def test_a_name_in_no_alphabet_is_damage(tmp_path):
    archive = pack(tmp_path / "a.zip", {"val2017/\u00e9.jpg": b"photograph"})
    archive.write_bytes(archive.read_bytes().replace("\u00e9".encode(), b"\xff\xff"))
    refused(tmp_path, archive, "damaged")
