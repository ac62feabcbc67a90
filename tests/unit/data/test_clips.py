import numpy as np
import pytest
import soundfile

from micronets.data.clips import ClipRejected, read_clips, read_recording


@pytest.fixture
def wave(tmp_path):
    path = tmp_path / "clip.wav"
    samples = np.arange(-8000, 8000, dtype=np.int16)
    soundfile.write(path, samples, 16000, subtype="PCM_16")
    return path


def test_samples_come_back_unchanged(wave):
    samples = read_recording(wave, 16000)
    assert samples.dtype == np.int16
    assert np.array_equal(samples, np.arange(-8000, 8000))


def test_float_and_24_bit_recordings_are_scaled(tmp_path):
    for subtype in ("FLOAT", "PCM_24"):
        soundfile.write(tmp_path / "clip.wav", np.full(100, 0.5), 16000, subtype=subtype)
        assert np.allclose(read_recording(tmp_path / "clip.wav", 16000), 16384, atol=1)
    soundfile.write(tmp_path / "clip.wav", np.array([-2.0, 2.0]), 16000, subtype="FLOAT")
    assert read_recording(tmp_path / "clip.wav", 16000).tolist() == [-32768, 32767]
    soundfile.write(tmp_path / "clip.wav", np.array([0.0, np.nan]), 16000, subtype="FLOAT")
    with pytest.raises(ClipRejected, match="no numbers"):
        read_recording(tmp_path / "clip.wav", 16000)


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (0, "no bytes"),
        (20, "unreadable"),
        (44, "truncated"),
        (45, "truncated"),
        (20000, "truncated"),
        (32043, "truncated"),
    ],
)
def test_cut_files_are_rejected(wave, length, reason):
    content = wave.read_bytes()
    assert len(content) == 32044
    wave.write_bytes(content[:length])
    with pytest.raises(ClipRejected, match=reason):
        read_recording(wave, 16000)


def test_other_unusable_files_are_rejected(tmp_path):
    path = tmp_path / "clip.wav"
    cases = [
        (lambda: path.write_bytes(b"this is no sound" * 100), "unreadable: Format not recognised"),
        (lambda: soundfile.write(path, np.zeros(0, np.int16), 16000), "empty: no samples"),
        (lambda: soundfile.write(path, np.zeros(8000, np.int16), 8000), "sample rate is 8000 Hz, not 16000 Hz"),
        (lambda: soundfile.write(path, np.zeros((16000, 2), np.int16), 16000), "2 channels, not 1"),
    ]
    for make, reason in cases:
        make()
        with pytest.raises(ClipRejected, match=reason):
            read_recording(path, 16000)
    path.unlink()
    with pytest.raises(ClipRejected, match="not a file"):
        read_recording(path, 16000)
    path.mkdir()
    with pytest.raises(ClipRejected, match="not a file"):
        read_recording(path, 16000)


def test_clips_are_padded_cut_and_sorted_out(tmp_path):
    for name, length in (("short", 5), ("exact", 10), ("long", 20)):
        soundfile.write(tmp_path / f"{name}.wav", np.arange(1, length + 1, dtype=np.int16), 16000, subtype="PCM_16")
    (tmp_path / "bad.wav").write_bytes(b"")
    paths = ["short.wav", "bad.wav", "exact.wav", "long.wav"]
    audio, usable, samples, rejected = read_clips(tmp_path, paths, 16000, 10)
    assert usable == [0, 2, 3]
    assert samples == [5, 10, 20]
    assert audio.tolist() == [[1, 2, 3, 4, 5, 0, 0, 0, 0, 0], list(range(1, 11)), list(range(1, 11))]
    assert rejected == [("bad.wav", "unreadable: the file has no bytes")]
