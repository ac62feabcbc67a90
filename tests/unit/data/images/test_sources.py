"""COCO's archives, from a server of our own that holds small ones."""

import functools
import hashlib
import http.server
import json
import shutil
import threading
from pathlib import Path

import pytest

from micronets.data.images import sources
from micronets.data.images.sources import ARCHIVES, Archive
from micronets.errors import ConfigurationError, DataError
from micronets.tasks import find_task, open_dataset

TASK = find_task("vww")


@pytest.fixture(scope="module")
def coco(tmp_path_factory) -> Path:
    """A folder in COCO's layout: 48 scenes."""
    directory = tmp_path_factory.mktemp("scenes") / "data"
    TASK.prepare({"generated": {"images": 48}, "validation_percent": 20}, directory, 3, 1)
    return directory / "generated"


@pytest.fixture
def server(coco, tmp_path, monkeypatch):
    """The folder as COCO's three archives of 2017, with their checksums in place of the official ones."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    packed = []
    for archive in ARCHIVES[2017]:
        file = tmp_path / "site" / archive.path
        shutil.make_archive(str(file.with_suffix("")), "zip", coco, archive.folder)
        packed.append(Archive(archive.path, archive.folder, hashlib.sha256(file.read_bytes()).hexdigest()))
    monkeypatch.setitem(sources.ARCHIVES, 2017, tuple(packed))
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            requests.append(arguments)

    handler = functools.partial(Handler, directory=tmp_path / "site")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    server.seen = requests
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def download(server, **more) -> dict:
    return {"source": "download", "download": {"year": 2017, "url": server.url}, "validation_percent": 20} | more


@pytest.mark.parametrize("own_place", [True, False])
def test_downloaded_images_are_the_same_data(server, coco, tmp_path, own_place):
    place = tmp_path / ("elsewhere" if own_place else "run/download")
    options = download(server, path=str(place) if own_place else "")
    for _ in range(2):
        TASK.prepare(options, tmp_path / "run" / "data", 3, 1)
    assert len(server.seen) == 3
    assert len(list((place / "coco2017" / "val2017").glob("*.jpg"))) == 12
    TASK.prepare({"source": "folder", "path": str(coco), "validation_percent": 20}, tmp_path / "local", 3, 1)
    hashes = [open_dataset(folder, (50, 50, 1)).content_hash for folder in (tmp_path / "run/data", tmp_path / "local")]
    assert hashes[0] == hashes[1]
    about = json.loads((tmp_path / "run" / "data" / "dataset.json").read_text(encoding="utf-8"))
    assert about["source"] == {"kind": "download", "url": server.url, "year": 2017}


def test_another_archive_is_unpacked_anew(server, tmp_path):
    options = download(server, path=str(tmp_path / "place"))
    TASK.prepare(options, tmp_path / "data", 3, 1)
    whole = open_dataset(tmp_path / "data", (50, 50, 1)).content_hash
    folder = tmp_path / "place" / "coco2017" / "train2017"
    next(folder.glob("*.jpg")).unlink()
    (folder / ".complete.json").write_text('{"sha256": "another"}', encoding="utf-8")
    TASK.prepare(options, tmp_path / "data", 3, 1)
    assert open_dataset(tmp_path / "data", (50, 50, 1)).content_hash == whole
    assert len(server.seen) == 3  # from the archive that is there


def test_an_archive_of_another_checksum_is_refused(server, tmp_path):
    (tmp_path / "site" / "zips" / "val2017.zip").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"val2017\.zip gave a file with SHA-256"):
        TASK.prepare(download(server, path=str(tmp_path / "place")), tmp_path / "data", 3, 1)
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "place" / "coco2017" / "val2017").exists()


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [({"year": 2015}, "data.download.year is 2015"), ({"url": "ftp://coco"}, "data.download.url is 'ftp://coco'")],
)
def test_what_cannot_be_downloaded_is_refused(chosen, sentence, tmp_path):
    with pytest.raises(ConfigurationError, match=sentence):
        TASK.prepare({"source": "download", "download": chosen}, tmp_path / "data", 3, 1)
