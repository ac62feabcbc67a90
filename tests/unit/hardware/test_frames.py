import random

import pytest

from micronets.hardware.frames import PAYLOAD_BYTES, Frame, FrameReader, encode

PAYLOADS = [b"", b"\xa5\x5a" * 40, bytes(range(256)) * 2, b"m-ready\r\n"]
STREAM = b"".join(encode(kind, 250 + kind, payload) for kind, payload in enumerate(PAYLOADS, start=1))


def frames_of(chunks: list[bytes]) -> tuple[list[Frame], FrameReader]:
    reader = FrameReader()
    return [frame for chunk in chunks for frame in reader.feed(chunk)], reader


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 5000])
def test_frames_are_found_however_the_stream_is_cut(size: int) -> None:
    frames, reader = frames_of([STREAM[start : start + size] for start in range(0, len(STREAM), size)])
    assert [(frame.kind, frame.sequence, frame.payload) for frame in frames] == [
        (kind, 250 + kind, payload) for kind, payload in enumerate(PAYLOADS, start=1)
    ]
    assert (reader.damaged, reader.text, reader.received_bytes) == (0, b"", len(STREAM))


def test_layout() -> None:
    """As micronets/csrc/app/frames.h has it; the checksum is the CRC-32 whose value for `123456789` is 0xcbf43926."""
    content = b"\x01\x03\x07\x02\x00hi"
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    assert encode(3, 7, b"hi") == b"\xa5\x5a" + content + (crc ^ 0xFFFFFFFF).to_bytes(4, "little")


def test_a_damaged_frame_hides_no_other() -> None:
    whole = encode(3, 1, b"first"), encode(4, 2, b"second"), encode(5, 3, b"third")
    for place in range(len(whole[1])):
        damaged = bytearray(whole[1])
        damaged[place] ^= 0x41
        frames, reader = frames_of([whole[0] + bytes(damaged) + whole[2]])
        while reader.is_within_frame:
            frames += reader.break_off()
        assert [frame.payload for frame in frames] == [b"first", b"third"], place


def test_noise_makes_no_frames() -> None:
    noise = random.Random(6)
    frames, reader = frames_of([noise.randbytes(200) for _ in range(500)])
    assert frames == [] and reader.received_bytes == 100_000


def test_too_much_for_a_frame() -> None:
    assert len(encode(2, 0, bytes(PAYLOAD_BYTES))) == PAYLOAD_BYTES + 11
    with pytest.raises(ValueError, match="513 bytes are too many"):
        encode(2, 0, bytes(PAYLOAD_BYTES + 1))
