"""The stage with recordings that are downloaded or generated first."""

import functools
import hashlib
import http.server
import json
import tarfile
import threading

import numpy as np
import pytest
import soundfile

from micronets.data.archive import COMPLETE
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.synthesis import espeak, formant, generate
from micronets.data.speech.synthesis.recordings import GeneratedOptions
from micronets.data.speech.synthesis.words import KEYWORDS, OTHERS
from micronets.errors import ConfigurationError
from micronets.tasks import find_task

TASK = find_task("kws")
SMALL = GeneratedOptions(voice="formant", speakers=4, clips_per_word=6, unknown_words=2)


@pytest.fixture
def server(folder, tmp_path, monkeypatch):
    """The folder of recordings as an archive on a local server."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = tmp_path / "site"
    site.mkdir()
    with tarfile.open(site / "speech_v9.tar.gz", "w:gz") as tar:
        tar.add(folder, arcname=".")
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            requests.append(arguments)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=site))
    server.digest = hashlib.sha256((site / "speech_v9.tar.gz").read_bytes()).hexdigest()
    server.url = f"http://127.0.0.1:{server.server_address[1]}/speech_v9.tar.gz"
    server.seen = requests
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("own_place", [True, False])
def test_downloaded_recordings_are_the_same_data(server, dataset, tmp_path, own_place):
    options = {"source": "download", "download": {"url": server.url, "sha256": server.digest}}
    place = tmp_path / ("elsewhere" if own_place else "run/download")
    if own_place:
        options["path"] = str(place)
    for _ in range(2):
        TASK.prepare(options, tmp_path / "run" / "data", seed=1, threads=1)
    assert len(server.seen) == 1
    assert (place / "speech_v9" / "yes").is_dir()
    assert SpeechDataset.open(tmp_path / "run" / "data").content_hash == dataset.content_hash
    about = json.loads((tmp_path / "run" / "data" / "dataset.json").read_text())
    assert about["source"] == {"kind": "download", "url": server.url, "sha256": server.digest}


def test_recordings_of_another_archive_are_unpacked_anew(server, dataset, tmp_path):
    other = tmp_path / "place" / "speech_v9" / "yes"
    other.mkdir(parents=True)
    (other / "foreign_nohash_0.wav").write_bytes(b"")
    (other.parent / COMPLETE).write_text('{"sha256": "another"}', encoding="utf-8")
    download = {"url": server.url, "sha256": server.digest}
    options = {"source": "download", "path": str(tmp_path / "place"), "download": download}
    TASK.prepare(options, tmp_path / "data", seed=1, threads=1)
    assert SpeechDataset.open(tmp_path / "data").content_hash == dataset.content_hash


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    root = tmp_path_factory.mktemp("generated") / "clips"
    return root, generate(SMALL, root, seed=1, threads=1)


def test_generated_recordings_have_the_official_layout(generated):
    root, voice = generated
    assert voice == {"voice": "formant"}
    words = {entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("_")}
    assert words == {*KEYWORDS, *list(OTHERS)[:2]}
    lengths = []
    for file in root.glob("[!_]*/*.wav"):
        samples, rate = soundfile.read(file, dtype="int16")
        assert rate == 16000
        assert np.abs(samples).max() > 500
        lengths.append(len(samples))
    assert len(lengths) == 12 * 6
    assert max(lengths) == 16000
    assert min(lengths) >= 0.7 * 16000
    lists = [(root / f"{split}_list.txt").read_text().splitlines() for split in ("validation", "testing")]
    speakers = [{path.split("/")[1].split("_")[0] for path in paths} for paths in lists]
    assert [len(names) for names in speakers] == [1, 1]
    assert speakers[0] != speakers[1]
    assert all((root / path).is_file() for paths in lists for path in paths)
    assert len(list((root / "_background_noise_").glob("*.wav"))) == 6


def test_generated_recordings_depend_on_the_seed_alone(generated, tmp_path):
    root, _ = generated
    generate(SMALL, tmp_path / "again", seed=1, threads=2)
    files = sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())
    assert files == sorted(str(file.relative_to(tmp_path / "again")) for file in (tmp_path / "again").rglob("*.*"))
    assert all((root / file).read_bytes() == (tmp_path / "again" / file).read_bytes() for file in files)
    generate(SMALL, tmp_path / "other", seed=2, threads=1)
    assert not {file.name for file in (root / "yes").iterdir()} & {f.name for f in (tmp_path / "other/yes").iterdir()}


def test_generated_data_is_prepared_whole_and_twice_the_same(tmp_path):
    options = {"source": "generated", "generated": {"voice": "formant", "speakers": 4, "clips_per_word": 4}}
    hashes = []
    for name in "ab":
        TASK.prepare(options, tmp_path / name, seed=1, threads=1)
        dataset = SpeechDataset.open(tmp_path / name)
        hashes.append(dataset.content_hash)
    assert hashes[0] == hashes[1]
    about = json.loads((tmp_path / "a" / "dataset.json").read_text())
    assert about["source"] == {"kind": "generated", "folder": "generated", "voice": "formant"}
    assert (tmp_path / "a" / "generated" / "yes").is_dir()
    assert set(dataset.clips["label"]) == set(TASK.labels({}))


def test_every_word_can_be_pronounced_and_sounds_different():
    voice = formant.draw_voice(np.random.default_rng(0))
    spoken = [formant.say(word, voice, np.random.default_rng(1)) for word in (*KEYWORDS, *OTHERS)]
    assert len(spoken) == 35
    for audio in spoken:
        assert 0.15 * 16000 < len(audio) < 1.2 * 16000
        assert np.isfinite(audio).all() and audio.std() > 0
    assert len({audio.tobytes() for audio in spoken}) == 35


def test_vowels_have_their_formants():
    """The strongest band below 1 kHz lies at the first formant, higher for the vowel of four than of two."""
    voice = formant.FormantVoice(pitch_hz=100, tract=1.0, breath=0.005, speed=1.0, accent=(0.0, 0.0, 0.0))

    def first_formant(word):
        audio = formant.say(word, voice, np.random.default_rng(2))
        middle = audio[len(audio) // 2 :][:4096]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 16000))
        smooth = np.convolve(spectrum, np.ones(150), "same")
        return 150 + smooth[150:1000].argmax()

    assert first_formant("four") > first_formant("two") + 150


def test_missing_espeak_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(espeak, "is_installed", lambda: False)
    with pytest.raises(ConfigurationError, match="espeak-ng is not installed; install it, or set"):
        generate(GeneratedOptions(voice="espeak"), tmp_path / "x", seed=1, threads=1)
    options = GeneratedOptions(voice="auto", speakers=3, clips_per_word=3, unknown_words=1)
    assert generate(options, tmp_path / "x", seed=1, threads=1) == {"voice": "formant"}


@pytest.mark.skipif(not espeak.is_installed(), reason="espeak-ng is not installed")
def test_espeak_speaks_the_same_twice(tmp_path):
    options = GeneratedOptions(voice="espeak", speakers=3, clips_per_word=3, unknown_words=1)
    contents = []
    for name in "ab":
        assert generate(options, tmp_path / name, seed=1, threads=1)["voice"] == "espeak"
        files = sorted((tmp_path / name).glob("[!_]*/*.wav"))
        assert len(files) == 33
        contents.append([(file.name, file.read_bytes()) for file in files])
    assert contents[0] == contents[1]
