"""The challenge's archives, from a server of our own that holds small ones."""

import functools
import hashlib
import http.server
import shutil
import threading
from dataclasses import replace

import pytest

from micronets.data.machines import sources
from micronets.data.machines.dataset import MachineDataset
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.prepare import prepare_machines
from micronets.data.machines.sources import ARCHIVES, expected_labels
from micronets.errors import ConfigurationError, DataError


@pytest.fixture
def server(own_folder, tmp_path, monkeypatch):
    """The generated rail and rotor as the challenge's slider and fan, with their own checksums."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for generated, machine in (("rail", "slider"), ("rotor", "fan")):
        shutil.move(own_folder / generated, own_folder / machine)
        packed = shutil.make_archive(str(tmp_path / "site" / f"dev_data_{machine}"), "zip", own_folder, machine)
        with open(packed, "rb") as stream:
            md5 = hashlib.file_digest(stream, "md5").hexdigest()
        monkeypatch.setitem(sources.ARCHIVES, machine, replace(ARCHIVES[machine], md5=md5, ids=("00", "02")))
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            requests.append(self.path)

    handler = functools.partial(Handler, directory=tmp_path / "site")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.url, server.requests = f"http://127.0.0.1:{server.server_address[1]}", requests
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def options(server, *machines: str) -> MachineOptions:
    address = type(MachineOptions.download)(server.url)
    return MachineOptions("download", download=address, machines=machines, validation_percent=30)


def test_archives_are_fetched_once_and_unpacked(server, tmp_path, folder):
    chosen = options(server, "slider", "fan")
    prepare_machines("ad", chosen, tmp_path / "results" / "data", 1, 1)
    dataset = MachineDataset.open(tmp_path / "results" / "data", (32, 32, 1))
    assert dataset.labels == expected_labels(chosen) == ("fan_00", "fan_02", "slider_00", "slider_02")
    kept = tmp_path / "results" / "download" / "dcase2020"
    for path in dataset.clips["path"]:
        before = path.replace("slider", "rail").replace("fan", "rotor")
        assert (kept / path).read_bytes() == (folder / before).read_bytes()
    assert sorted(server.requests) == ["/dev_data_fan.zip", "/dev_data_slider.zip"]
    prepare_machines("ad", options(server, "slider"), tmp_path / "results" / "data", 1, 1)
    assert len(server.requests) == 2
    assert len(MachineDataset.open(tmp_path / "results" / "data", (32, 32, 1)).clips) == 16


def test_another_archive_than_the_official_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setitem(sources.ARCHIVES, "slider", replace(ARCHIVES["slider"], md5="0" * 32))
    with pytest.raises(DataError, match="gave a file with MD5 .*, not 0000"):
        prepare_machines("ad", options(server, "slider"), tmp_path / "results" / "data", 1, 1)
    assert not list((tmp_path / "results").rglob("*.wav"))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("download", "no lathe with data.source download, only ToyCar, ToyConveyor, fan"),
        ("generated", "no lathe with data.source generated, only rotor, rail"),
    ],
)
def test_machines_that_a_source_does_not_have_are_refused_at_once(tmp_path, source, sentence):
    chosen = MachineOptions(source, machines=("rail" if source == "generated" else "slider", "lathe"))
    with pytest.raises(ConfigurationError, match=sentence):
        expected_labels(chosen)
    with pytest.raises(ConfigurationError, match=sentence):
        prepare_machines("ad", chosen, tmp_path / "data", 1, 1)
    assert not (tmp_path / "data").exists()


def test_all_ids_of_the_challenge_are_expected():
    labels = expected_labels(MachineOptions("download"))
    assert len(labels) == 23 and {"ToyConveyor_03", "ToyCar_04", "valve_06"} < set(labels)


@pytest.mark.parametrize("url", ["ftp://zenodo.org", "zenodo.org/records", "https://"])
def test_addresses_that_are_none_are_refused(url):
    with pytest.raises(ConfigurationError, match="data.download.url"):
        type(MachineOptions.download)(url)
