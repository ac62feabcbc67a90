import contextlib
import hashlib
import http.server
import logging
import re
import shutil
import threading
import time
from types import SimpleNamespace

import pytest

from micronets.data import download
from micronets.data.download import fetch
from micronets.errors import DataError

CONTENT = bytes(range(256)) * 12000  # 3 MB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; `server.plan` says how badly."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        plan = self.server.plan
        self.server.requests.append(dict(self.headers))
        if plan.leads_to:
            self.send_response(302)
            self.send_header("Location", plan.leads_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if plan.failures:
            self.send_error(plan.failures.pop(0))
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and plan.ranges else 0
        if self.headers.get("If-Range", plan.tag) != plan.tag:
            start = 0
        if start and start >= len(plan.content):
            self.send_error(416)
            return
        body = plan.content[start:]
        self.send_response(206 if start else 200)
        if start:
            shown = start + plan.range_error
            self.send_header("Content-Range", f"bytes {shown}-{len(plan.content) - 1}/{len(plan.content)}")
        self.send_header("ETag", plan.tag)
        self.send_header("Content-Length", str(len(body) + plan.claims_more))
        self.end_headers()
        if plan.trickles:
            with contextlib.suppress(OSError):
                for place in range(0, 1000):
                    self.wfile.write(body[place : place + 1])
                    time.sleep(0.01)
            return
        sent = plan.drops.pop(0) if plan.drops else len(body)
        self.wfile.write(body[:sent])
        if sent < len(body) or plan.claims_more:
            self.close_connection = True


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.plan = SimpleNamespace(content=CONTENT, tag='"one"', ranges=True, drops=[], failures=[], range_error=0)
    vars(server.plan).update(leads_to="", claims_more=0, trickles=False)
    server.requests = []
    server.url = f"http://127.0.0.1:{server.server_address[1]}/clips.tar.gz"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def get(server, folder, sha256=DIGEST):
    return fetch(server.url, folder / "clips.tar.gz", sha256, backoff_s=0.001)


def test_whole_file_at_once(server, tmp_path):
    assert get(server, tmp_path) == DIGEST
    assert (tmp_path / "clips.tar.gz").read_bytes() == CONTENT
    assert names(tmp_path) == ["clips.tar.gz"]
    assert get(server, tmp_path) == DIGEST
    assert len(server.requests) == 1


def test_dropped_connections_are_continued(server, tmp_path):
    server.plan.drops = [1_000_000, 500_000, 0]
    assert get(server, tmp_path) == DIGEST
    starts = [int(request.get("Range", "bytes=0-")[6:-1]) for request in server.requests]
    # of each broken connection, all but the piece in flight is kept
    assert starts[0] == 0
    assert 900_000 < starts[1] <= 1_000_000
    assert 400_000 < starts[2] - starts[1] <= 500_000
    assert starts[3] == starts[2]


def test_a_later_run_continues(server, tmp_path):
    (tmp_path / "clips.tar.gz.part").write_bytes(CONTENT[:2_000_000])
    assert get(server, tmp_path) == DIGEST
    assert server.requests[0]["Range"] == "bytes=2000000-"


def test_a_server_that_ignores_ranges_sends_everything_again(server, tmp_path):
    server.plan.ranges = False
    server.plan.drops = [1_000_000]
    assert get(server, tmp_path) == DIGEST
    assert len(server.requests) == 2


def test_a_file_that_changed_on_the_server_starts_anew(server, tmp_path, monkeypatch):
    server.plan.content, server.plan.drops = b"old" + CONTENT[3:], [1_000_000, 0]
    with monkeypatch.context() as patch:
        patch.setattr(download, "_ATTEMPTS", 1)
        with pytest.raises(DataError):
            get(server, tmp_path)
    assert (tmp_path / "clips.tar.gz.part").read_bytes().startswith(b"old")
    server.plan.content, server.plan.tag = CONTENT, '"two"'
    assert get(server, tmp_path) == DIGEST
    assert server.requests[-1]["If-Range"] == '"one"'


def test_a_partial_file_longer_than_the_servers_starts_anew(server, tmp_path):
    (tmp_path / "clips.tar.gz.part").write_bytes(CONTENT + b"more")
    assert get(server, tmp_path) == DIGEST


def test_another_part_than_asked_for_is_not_taken(server, tmp_path):
    server.plan.drops = [1_000_000]
    server.plan.range_error = 7
    assert get(server, tmp_path) == DIGEST


def test_passing_faults_are_retried(server, tmp_path):
    server.plan.failures = [503, 429, 500]
    assert get(server, tmp_path) == DIGEST
    assert len(server.requests) == 4


def test_a_wrong_checksum_leaves_no_file(server, tmp_path):
    with pytest.raises(DataError, match=f"SHA-256 {DIGEST}, not {'0' * 64}"):
        get(server, tmp_path, "0" * 64)
    assert names(tmp_path) == []


def test_a_wrong_file_that_was_there_is_named(server, tmp_path):
    (tmp_path / "clips.tar.gz").write_bytes(b"something else")
    with pytest.raises(DataError, match="clips.tar.gz has SHA-256 .* remove it"):
        get(server, tmp_path)


def test_an_md5_is_checked_where_nothing_better_is_known(server, tmp_path, caplog):
    right = hashlib.md5(CONTENT).hexdigest()
    file = tmp_path / "clips.tar.gz"
    with pytest.raises(DataError, match=f"with MD5 {right}, not {'0' * 32}"):
        fetch(server.url, file, "", md5="0" * 32, backoff_s=0.001)
    assert list(tmp_path.iterdir()) == []
    assert fetch(server.url, file, "", md5=right, backoff_s=0.001) == DIGEST
    assert "write it into data.download.sha256" not in caplog.text
    with pytest.raises(DataError, match=f"{file} has MD5 {right}, not {'0' * 32}; remove it"):
        fetch(server.url, file, "", md5="0" * 32)


def test_an_unknown_checksum_is_logged(server, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert get(server, tmp_path, "") == DIGEST
    assert DIGEST in caplog.text


def test_a_short_file_is_never_whole(server, tmp_path):
    server.plan.drops = [1_000_000] + [0] * 20
    with pytest.raises(DataError, match="cannot be downloaded .*run again to continue"):
        get(server, tmp_path, "")
    assert "clips.tar.gz" not in names(tmp_path)
    assert (tmp_path / "clips.tar.gz.part").stat().st_size == 1_000_000


def test_no_such_file_and_no_server(server, tmp_path):
    server.plan.failures = [404]
    with pytest.raises(DataError, match="404 .*check data.download.url"):
        get(server, tmp_path)
    assert len(server.requests) == 1
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch("http://127.0.0.1:1/clips.tar.gz", tmp_path / "clips.tar.gz", "", backoff_s=0.001)


def test_a_full_disk_is_noticed_before(server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage._replace(free=1_000_000))
    with pytest.raises(DataError, match="needs 3 MB more, but .* only 1 MB free"):
        get(server, tmp_path)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/clips.tar.gz"])
def test_a_redirection_to_what_is_no_web_server_is_refused_at_once(server, tmp_path, place):
    server.plan.leads_to = place
    with pytest.raises(DataError, match="leads to what is no web server .*check data.download.url"):
        get(server, tmp_path)
    assert len(server.requests) == 1 and names(tmp_path) == []


def test_a_server_that_stalls_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_LEAST_BYTES_S", 0.05)
    monkeypatch.setattr(download, "_ATTEMPTS", 2)
    server.plan.trickles = True
    server.plan.ranges = False  # what little comes does not add up
    with pytest.raises(DataError, match=r"cannot be downloaded \(only \d+ bytes in 0.05 s arrived\); run again"):
        get(server, tmp_path)


def test_a_server_that_tells_of_more_than_it_has_is_given_up(server, tmp_path):
    server.plan.claims_more = 1000
    with pytest.raises(DataError, match="cannot be downloaded .*run again to continue"):
        get(server, tmp_path)
    assert not (tmp_path / "clips.tar.gz").exists()
