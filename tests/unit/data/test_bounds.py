"""Files that claim far more than they hold, or hold far more than anybody's data: told in a sentence, in no time and
memory to speak of."""

import gzip
import os
import struct
import tarfile
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from micronets.data.archive import unpack
from micronets.data.images.decode import ImageRejected, decode
from micronets.data.images.png_rows import missing_rows
from micronets.data.recording import ClipRejected, read_recording
from micronets.data.zip_archive import unzip
from micronets.errors import DataError

MOST_BYTES = 64 << 20
MOST_S = 5.0


@pytest.fixture(autouse=True)
def bounded():
    """Fails the test where Python took more memory or time."""
    tracemalloc.start()
    start = time.process_time()
    yield
    peak, spent = tracemalloc.get_traced_memory()[1], time.process_time() - start
    tracemalloc.stop()
    assert peak < MOST_BYTES and spent < MOST_S, f"{peak:,} bytes, {spent:.1f} s"


def wave(path, claimed, length):
    """A WAV of one channel, 16 bits, 16 kHz whose samples are a hole in the file."""
    format_ = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16)
    header = struct.pack("<4sI4s", b"RIFF", min(claimed + 36, 0xFFFFFFFF), b"WAVE") + format_
    path.write_bytes(header + struct.pack("<4sI", b"data", claimed))
    os.truncate(path, 44 + length)
    return path


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, 2_000_000_000], ids=["none", "unknown", "all"])
def test_a_sparse_wav_of_2_gb_is_refused(tmp_path, claimed):
    with pytest.raises(ClipRejected, match="longer than 4 hours|empty|truncated"):
        read_recording(wave(tmp_path / "a.wav", claimed, 2_000_000_000), 16000)


def test_a_streamed_wav_of_common_length_is_still_read(tmp_path):
    assert len(read_recording(wave(tmp_path / "a.wav", 0xFFFFFFFF, 320_000), 16000)) == 160_000


def test_a_tar_with_a_header_of_400_mb_is_refused(tmp_path):
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 400 << 20
    with gzip.open(tmp_path / "a.tar.gz", "wb") as stream:
        stream.write(header.tobuf() + b"0" * 2048)
    with pytest.raises(DataError, match="longer headers than archives have"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out", "")


def test_headers_without_end_are_refused(tmp_path):
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 512
    with gzip.open(tmp_path / "a.tar.gz", "wb") as stream:
        stream.write((header.tobuf() + b"19 comment=whatever".ljust(512, b"\0")) * 5000)
    with pytest.raises(DataError, match="is damaged"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out", "")


def test_what_unpacks_to_gigabytes_behind_the_last_file_is_refused(tmp_path):
    packer = zlib.compressobj(9, wbits=31)
    nothing = bytes(1 << 20)
    with open(tmp_path / "a.tar.gz", "wb") as stream:
        for _ in range(40):  # far from gigabytes, but far beyond what so small an archive may unpack to
            stream.write(packer.compress(nothing))
        stream.write(packer.flush())
    with pytest.raises(DataError, match="unpacks to more than recordings do"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out", "")


def test_a_zip_that_lists_more_than_fits_is_refused(tmp_path):
    archive = tmp_path / "a.zip"
    archive.touch()
    os.truncate(archive, 400 << 20)
    with open(archive, "ab") as stream:
        stream.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 300 << 20, 0, 0))
    with pytest.raises(DataError, match="lists more files than a data set has"):
        unzip(archive, tmp_path / "val2017", "")


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_png_that_holds_fewer_rows_than_it_says_is_refused(tmp_path, interlaced):
    header = struct.pack(">2I5B", 100, 7999, 8, 0, 0, 0, interlaced)
    rows = zlib.compress((b"\0" + bytes(100)) * 3000)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    with pytest.raises(ImageRejected, match="is cut off: .* of its 7999 rows are missing"):
        decode(tmp_path / "a.png", 32)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_whole_pngs_lack_nothing(tmp_path, mode):
    grey = np.random.default_rng(0).integers(0, 256, (23, 37), np.uint8)
    picture = Image.fromarray(grey.astype(np.uint16)) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    picture.save(tmp_path / "a.png")
    assert missing_rows(tmp_path / "a.png") == 0
