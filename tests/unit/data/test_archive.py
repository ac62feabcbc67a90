import gzip
import io
import shutil
import tarfile

import pytest

from micronets.data import archive as archive_module
from micronets.data.archive import unpack
from micronets.errors import DataError


def member(name, kind=tarfile.REGTYPE, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def pack(path, *members):
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


GOOD = (
    member("./", tarfile.DIRTYPE),
    member("./yes/", tarfile.DIRTYPE, mode=0),
    member("./yes/a.wav", content=b"sound", mode=0o4777),
    member("no/b.wav", content=b"more"),
)


def test_files_come_out_with_a_note_of_the_checksum(tmp_path):
    unpack(pack(tmp_path / "a.tar.gz", *GOOD), tmp_path / "a", "abc")
    assert (tmp_path / "a/yes/a.wav").read_bytes() == b"sound"
    assert (tmp_path / "a/no/b.wav").read_bytes() == b"more"
    assert "abc" in (tmp_path / "a" / archive_module.COMPLETE).read_text()
    assert not (tmp_path / "a/yes/a.wav").stat().st_mode & 0o4111


def test_a_folder_of_the_users_own_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.wav").write_bytes(b"mine")
    with pytest.raises(DataError, match="a is there, but has not been unpacked here from an archive"):
        unpack(pack(tmp_path / "a.tar.gz", *GOOD), tmp_path / "a", "abc")
    assert (tmp_path / "a" / "mine.wav").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "bad",
    [
        member("/etc/evil", content=b"x"),
        member("../evil", content=b"x"),
        member("yes/../../evil", content=b"x"),
        member("..\\evil", content=b"x"),
        member("yes/link", tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("yes/hard", tarfile.LNKTYPE, linkname="yes/a.wav"),
        member("yes/device", tarfile.CHRTYPE),
        member("yes/pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda bad: bad[0].name,
)
def test_unsafe_members_stop_it_and_nothing_stays(tmp_path, bad):
    archive = pack(tmp_path / "a.tar.gz", *GOOD, bad)
    with pytest.raises(DataError, match="not the official archive"):
        unpack(archive, tmp_path / "inner" / "a", "abc")
    assert list((tmp_path / "inner").iterdir()) == []
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.tar.gz", "inner"]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_cut_archives_are_damaged(tmp_path, share):
    noise = bytes((index * 7919 >> 3) % 251 for index in range(200_000))
    archive = pack(tmp_path / "a.tar.gz", member("yes/a.wav", content=noise), member("yes/b.wav", content=noise[::-1]))
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match="damaged"):
        unpack(archive, tmp_path / "a", "abc")
    assert not (tmp_path / "a").exists()


def test_a_flipped_byte_is_damage(tmp_path):
    archive = pack(tmp_path / "a.tar.gz", member("yes/a.wav", content=bytes(range(256)) * 2000))
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        unpack(archive, tmp_path / "a", "abc")


def test_no_archive_at_all(tmp_path):
    (tmp_path / "a.tar.gz").write_text("<html>404</html>")
    with pytest.raises(DataError, match="damaged"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "a", "abc")


def test_bombs_are_refused(tmp_path, monkeypatch):
    bomb = pack(tmp_path / "a.tar.gz", member("yes/a.wav", content=bytes(30 << 20)))
    with pytest.raises(DataError, match="more or larger files"):
        unpack(bomb, tmp_path / "a", "abc")
    monkeypatch.setattr(archive_module, "_MAX_FILES", 1)
    with pytest.raises(DataError, match="more or larger files"):
        unpack(pack(tmp_path / "b.tar.gz", *GOOD), tmp_path / "b", "abc")
    assert not (tmp_path / "a").exists() and not (tmp_path / "b").exists()


def test_a_name_twice_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(pack(tmp_path / "a.tar.gz", *GOOD, GOOD[-1]), tmp_path / "a", "abc")


def test_trailing_rubbish_after_the_archive_is_no_archive(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(b"x" * 5000))
    with pytest.raises(DataError, match="damaged"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "a", "abc")


def test_a_full_disk_is_noticed(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda folder: usage._replace(free=1_000_000))
    with pytest.raises(DataError, match="1 MB are free"):
        unpack(pack(tmp_path / "a.tar.gz", *GOOD), tmp_path / "a", "abc")
