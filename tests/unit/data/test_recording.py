"""Recordings as people have them: read as the same sound in plain form is read, or refused in one sentence."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from micronets.data.recording import ClipRejected, read_converted, read_recording

SECOND = np.rint(
    9000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000) * np.hanning(16000) + 50 * np.cos(np.arange(16000))
).astype(np.int16)


def write(path: Path, samples: np.ndarray = SECOND, rate_hz: int = 16000, **form) -> bytes:
    """Writes a recording, and returns its bytes."""
    if form.get("subtype") in ("FLOAT", "DOUBLE") and samples.dtype == np.int16:
        samples = samples / 32768
    soundfile.write(path, samples, rate_hz, **({"subtype": "PCM_16"} | form))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "form", "tolerance"),
    [
        ("a.wav", {}, 0),
        ("A.WAV", {}, 0),
        ("a b ü 中.wav", {}, 0),
        ("a.wav", {"subtype": "PCM_24"}, 0),
        ("a.wav", {"subtype": "PCM_32"}, 0),
        ("a.wav", {"subtype": "FLOAT"}, 0),
        ("a.wav", {"subtype": "DOUBLE"}, 0),
        ("a.wav", {"subtype": "PCM_U8"}, 256),
        ("a.wav", {"subtype": "ULAW"}, 512),
        ("a.wav", {"subtype": "PCM_24", "format": "WAVEX"}, 0),
        ("a.wav", {"subtype": "FLOAT", "format": "WAVEX"}, 0),
        ("a.wav", {"format": "RF64"}, 0),
        ("a.wav", {"endian": "BIG"}, 0),
        ("a.flac", {}, 0),
        ("a.aiff", {}, 0),
        ("a.au", {}, 0),
        ("a.caf", {}, 0),
        ("a.ogg", {"subtype": "VORBIS"}, 900),
        ("a.wav", {"format": "FLAC"}, 0),  # called otherwise than it is
    ],
)
def test_every_format_is_the_same_sound(tmp_path, name, form, tolerance):
    write(tmp_path / name, **form)
    read, conversions = read_converted(tmp_path / name, 16000)
    assert read.dtype == np.int16 and read.shape == SECOND.shape and conversions == []
    assert np.abs(read.astype(int) - SECOND).max() <= tolerance


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_is_the_same_sound(tmp_path, rate_hz, channels):
    """A tone in plain form is what the tone at another rate becomes."""
    level = 8000
    tone = level * np.sin(2 * np.pi * 1000 * np.arange(rate_hz) / rate_hz)
    spread = np.stack([tone * (1 + 0.2 * (channel - (channels - 1) / 2)) for channel in range(channels)], axis=1)
    write(tmp_path / "a.wav", np.rint(spread).astype(np.int16), rate_hz)
    read, conversions = read_converted(tmp_path / "a.wav", 16000)
    plain = level * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    assert abs(len(read) - 16000) <= 1
    inner = slice(500, 15500)
    assert np.abs(read[inner] - plain[inner]).max() < 0.001 * level
    expected = [f"mean of {channels} channels"] * (channels > 1) + [f"resampled from {rate_hz} Hz"]
    assert conversions == expected


def test_what_the_lower_rate_cannot_hold_is_gone(tmp_path):
    time = np.arange(48000) / 48000
    write(tmp_path / "a.wav", np.rint(8000 * np.sin(2 * np.pi * 15000 * time)).astype(np.int16), 48000)
    assert np.abs(read_recording(tmp_path / "a.wav", 16000)[200:-200]).max() < 10


def test_channels_are_mixed_down_or_the_first_is_taken(tmp_path):
    channels = np.stack([SECOND, SECOND // 2, -SECOND], axis=1)
    write(tmp_path / "a.wav", channels)
    mixed, _ = read_converted(tmp_path / "a.wav", 16000)
    assert np.abs(mixed - channels.mean(axis=1)).max() <= 0.5
    first, conversions = read_converted(tmp_path / "a.wav", 16000, first_channel=True)
    np.testing.assert_array_equal(first, SECOND)
    assert conversions == ["first of 3 channels"]


def test_long_recordings_are_read_whole(tmp_path):
    noise = np.random.default_rng(3).integers(-9000, 9000, 700_000).astype(np.int16)
    write(tmp_path / "a.wav", np.stack([noise, noise], axis=1))
    np.testing.assert_array_equal(read_recording(tmp_path / "a.wav", 16000), noise)
    write(tmp_path / "b.wav", noise, 32000)
    assert abs(len(read_recording(tmp_path / "b.wav", 16000)) - 350_000) <= 1


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000, 0x80000000])
@pytest.mark.parametrize("whole", [0, 8, 0x7FFFFFFF, 0xFFFFFFFF, None])
@pytest.mark.parametrize("tail", [b"", b"\x01"])
def test_streamed_headers_are_read_to_the_end(tmp_path, size, whole, tail):
    """Their writers never came back to fill in how much they wrote."""
    content = bytearray(write(tmp_path / "a.wav"))
    if whole is not None:
        content[4:8] = struct.pack("<I", whole)
    content[40:44] = struct.pack("<I", size)
    (tmp_path / "a.wav").write_bytes(content + tail)
    np.testing.assert_array_equal(read_recording(tmp_path / "a.wav", 16000), SECOND)


def test_streamed_flac_is_read_to_the_end(tmp_path):
    samples = np.tile(SECOND, 20)
    content = bytearray(write(tmp_path / "a.flac", samples))
    content[21] &= 0xF0  # the number of samples, 36 bits of STREAMINFO: unknown
    content[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(content)
    np.testing.assert_array_equal(read_recording(tmp_path / "a.flac", 16000), samples)


def test_names_need_not_be_text(tmp_path):
    write(tmp_path / "a.wav")
    odd = os.fsencode(tmp_path) + b"/caf\xe9.wav"
    os.rename(tmp_path / "a.wav", odd)
    np.testing.assert_array_equal(read_recording(Path(os.fsdecode(odd)), 16000), SECOND)
    os.truncate(odd, 0)
    with pytest.raises(ClipRejected, match="no bytes"):
        read_recording(Path(os.fsdecode(odd)), 16000)


def test_links_are_followed(tmp_path):
    write(tmp_path / "a.wav")
    (tmp_path / "link.wav").symlink_to("a.wav")
    (tmp_path / "nowhere.wav").symlink_to("gone.wav")
    np.testing.assert_array_equal(read_recording(tmp_path / "link.wav", 16000), SECOND)
    with pytest.raises(ClipRejected, match="not a file"):
        read_recording(tmp_path / "nowhere.wav", 16000)


def test_floats_are_scaled_and_bounded(tmp_path):
    write(tmp_path / "a.wav", np.full(100, 0.5), subtype="FLOAT")
    assert set(read_recording(tmp_path / "a.wav", 16000)) == {16384}
    write(tmp_path / "a.wav", np.array([-2.0, 2.0]), subtype="FLOAT")
    assert read_recording(tmp_path / "a.wav", 16000).tolist() == [-32768, 32767]


def header(place: int, form: str, value: int):
    """A damage: a number in the header of a WAV file."""

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        struct.pack_into(form, changed, place, value)
        return bytes(changed)

    return change


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: b"", "no bytes"),
        (lambda content: b"this is no sound" * 100, "unreadable: Format not recognised"),
        (lambda content: content[:20], "unreadable"),
        (lambda content: content[:44], "truncated"),
        (lambda content: content[:45], "truncated"),
        (lambda content: content[:20000], "truncated: shorter than its header says"),
        (lambda content: content[:-1], "truncated"),
        (header(24, "<I", 0), "header says 0 Hz"),
        (header(22, "<H", 0), "Channel count is zero"),
        (header(24, "<I", 4000), "sample rate is 4000 Hz, not 8000 to 192000 Hz"),
        (header(24, "<I", 384000), "sample rate is 384000 Hz"),
        (lambda content: content[:40] + bytes(4), "empty"),
        (lambda content: content[:40] + bytes(4) + b"LIST\x04\0\0\0INFO", "empty: no samples"),
    ],
)
def test_files_that_are_not_whole_are_refused(tmp_path, damage, reason):
    path = tmp_path / "clip.wav"
    path.write_bytes(damage(write(path)))
    with pytest.raises(ClipRejected, match=reason) as caught:
        read_recording(path, 16000)
    assert "\n" not in str(caught.value) and str(path) not in str(caught.value)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.array([0.0, np.nan]), "no numbers"),
        (np.array([0.0, np.inf]), "no numbers"),
        (np.array([0.0, 20000.0]), "samples up to 2e\\+04, where full scale is 1"),
    ],
)
def test_floats_that_are_no_sound_are_refused(tmp_path, samples, reason):
    write(tmp_path / "a.wav", samples, subtype="FLOAT")
    with pytest.raises(ClipRejected, match=reason):
        read_recording(tmp_path / "a.wav", 16000)


@pytest.mark.parametrize(("name", "form"), [("a.flac", {}), ("a.ogg", {"subtype": "VORBIS"}), ("a.mp3", None)])
def test_half_a_compressed_recording_is_refused(tmp_path, name, form):
    content = write(tmp_path / name, **(form or {"subtype": None, "format": "MP3"}))
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ClipRejected, match="unreadable|corrupt"):
        read_recording(tmp_path / name, 16000)


def test_formats_of_phones_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    with pytest.raises(ClipRejected, match=r"\.m4a is not among the formats .*convert it to \.wav"):
        read_recording(tmp_path / "a.m4a", 16000)
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(ClipRejected, match="not a file"):
        read_recording(tmp_path / "folder.wav", 16000)
