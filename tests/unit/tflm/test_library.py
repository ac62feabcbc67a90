"""Which libraries of TensorFlow Lite Micro are taken for a core, and which are refused before any job."""

import struct
from pathlib import Path

import pytest

from micronets.errors import BuildError, ConfigurationError
from micronets.export.writer import write_tflite
from micronets.linking.archive import read_build_attributes
from micronets.tflm import TflmLibrary, write_tflm_program
from micronets.tflm.flash_parts import flash_part
from tests.arm_library import CORES, library_for, object_file, write_library
from tests.networks import random_network, small_ds_cnn
from tests.tflm_library import STAND_IN

INCLUDE = str(STAND_IN / "include")


def find(path: Path | str, core: str) -> TflmLibrary:
    return TflmLibrary.find(str(path), INCLUDE, core)


@pytest.mark.parametrize("core", CORES)
def test_a_library_is_found_by_its_core_or_by_what_tflms_makefile_calls_it(tmp_path, core):
    for name in ("cortex-m0plus", "cortex-m3", "cortex-m4+fp", "cortex-m7+fp", "cortex-m33", "cortex-m55"):
        library_for(name.removesuffix("+fp"), tmp_path / f"gen/cortex_m_generic_{name}_release/lib/tflm.a")
        library_for(name.removesuffix("+fp"), tmp_path / f"{name.removesuffix('+fp')}.a")
    theirs = find(tmp_path / "gen/cortex_m_generic_{core}_release/lib/tflm.a", core)
    folder = {"cortex-m4": "cortex-m4+fp", "cortex-m7": "cortex-m7+fp"}.get(core, core)
    assert theirs.library.parent.parent.name == f"cortex_m_generic_{folder}_release"
    assert find(tmp_path / "{core}.a", core).library == tmp_path / f"{core}.a"


def test_the_makefiles_name_goes_before_since_its_cortex_m4_has_no_floating_point_registers(tmp_path):
    write_library(tmp_path / "cortex-m4.a", ("conv.o", object_file("7E-M", 13, 0)))
    library_for("cortex-m4", tmp_path / "cortex-m4+fp.a")
    assert find(tmp_path / "{core}.a", "cortex-m4").library.name == "cortex-m4+fp.a"
    (tmp_path / "cortex-m4+fp.a").unlink()
    with pytest.raises(ConfigurationError, match=r"cortex-m4\.a was built for Armv7E-M with no floating-point unit"):
        find(tmp_path / "{core}.a", "cortex-m4")


def test_a_library_that_is_not_there_names_both(tmp_path):
    sentence = r"no file .*tflm-cortex-m7\+fp\.a or .*tflm-cortex-m7\.a; .*TARGET_ARCH=cortex-m7\+fp "
    with pytest.raises(ConfigurationError, match=sentence):
        find(tmp_path / "tflm-{core}.a", "cortex-m7")


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("other", CORES)
def test_a_library_for_another_core_is_refused(tmp_path, core, other):
    path = library_for(other, tmp_path / "tflm.a")
    if core == other:
        assert find(path, core).library == path
        return
    with pytest.raises(ConfigurationError, match=rf"tflm\.a was built for .* \(conv\.o\), not for a {core}; build it"):
        find(path, core)


@pytest.mark.parametrize(
    ("name", "fits"), [("Cortex-M4", True), ("cortex-m4+nodsp", True), ("Cortex-M7", False), ("CORTEX-M3", False)]
)
def test_names_of_cores_are_compared_where_the_compiler_writes_them(tmp_path, name, fits):
    path = write_library(tmp_path / "tflm.a", ("conv.o", object_file(name, 13, 6)))
    (attributes,) = read_build_attributes(path).values()
    if fits:
        assert find(path, "cortex-m4").library == path
    else:
        with pytest.raises(ConfigurationError, match=rf"was built for {name} with FPv4"):
            find(path, "cortex-m4")
    assert str(attributes) == f"{name} with FPv4"


def test_arguments_in_other_registers_are_refused(tmp_path):
    path = write_library(tmp_path / "tflm.a", ("conv.o", object_file("7E-M", 13, 6, hard=False)))
    with pytest.raises(ConfigurationError, match="Armv7E-M with FPv4, whose registers calls do not use"):
        find(path, "cortex-m4")


def test_one_member_for_another_core_is_enough(tmp_path):
    members = [(f"{name}.o", object_file(*CORES["cortex-m4"])) for name in ("add", "a_kernel_with_a_long_name")]
    foreign = ("another_with_a_long_name.o", object_file(*CORES["cortex-m33"]))
    path = write_library(tmp_path / "tflm.a", *members, ("notes.txt", b"not an object file"), foreign)
    with pytest.raises(ConfigurationError, match=r"Armv8-M mainline with FPv5 \(another_with_a_long_name\.o\)"):
        find(path, "cortex-m4")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a static library"),
        (b"\x7fELF\x01\x01", "is not a static library"),
        (b"!<thin>\n", "is a thin library"),
        (b"!<arch>\n", "holds no object files for Arm"),
    ],
)
def test_what_is_no_library_is_refused(tmp_path, content, complaint):
    (tmp_path / "tflm.a").write_bytes(content)
    with pytest.raises(ConfigurationError, match=complaint):
        find(tmp_path / "tflm.a", "cortex-m4")


def test_damage_ends_in_a_sentence(tmp_path):
    path = write_library(tmp_path / "tflm.a", ("conv.o", object_file(*CORES["cortex-m4"])))
    content = path.read_bytes()
    refused = 0
    for place in range(8, len(content)):
        for damaged in (content[:place], content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]):
            path.write_bytes(damaged)
            try:
                read_build_attributes(path)
            except BuildError as error:
                assert "tflm.a is damaged" in str(error) and "\n" not in str(error)
                refused += 1
    assert refused > len(content) // 2


def test_headers_without_flatbuffers_are_refused_before_anything_is_compiled(tmp_path):
    library = library_for("cortex-m4", tmp_path / "tflm.a")
    for header in STAND_IN.joinpath("include").rglob("*.h"):
        copy = tmp_path / header.relative_to(STAND_IN / "include")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text('#include "flatbuffers/flatbuffers.h"\n' + header.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"flatbuffers/flatbuffers\.h, which .* include, is not in"):
        TflmLibrary.find(str(library), str(tmp_path), "cortex-m4")
    for place in ("tensorflow/lite/micro/tools/make/downloads", "third_party"):
        header = tmp_path / place / "flatbuffers/include/flatbuffers/flatbuffers.h"
        header.parent.mkdir(parents=True)
        header.touch()
        assert TflmLibrary.find(str(library), str(tmp_path), "cortex-m4").library == library
        header.unlink()


def test_object_files_are_told_apart_by_where_their_sources_lie(tmp_path):
    for source in (
        "tensorflow/lite/micro/kernels/conv.cc",
        "tensorflow/lite/micro/kernels/cmsis_nn/softmax.cc",
        "tensorflow/lite/kernels/internal/tensor_utils.cc",
        "tensorflow/lite/core/api/tensor_utils.cc",
        "tensorflow/lite/micro/micro_allocator.cc",
    ):
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / source).touch()
    part = flash_part(TflmLibrary(tmp_path / "tflm.a", tmp_path))
    expected = {
        "network-00-network.o": "interpreter",
        "network-01-model.o": "model",
        "network-02-system_calls.o": "interpreter",
        "network-library-00.a(conv.o)": "kernels",
        "network-library-00.a(softmax.o)": "kernels",
        "network-library-00.a(arm_convolve_s8.o)": "kernels",
        "network-library-00.a(micro_allocator.o)": "interpreter",
        "network-library-00.a(schema_utils.o)": "interpreter",
        "network-library-00.a(tensor_utils.o)": "interpreter",  # two sources have that name
        "/usr/lib/arm-none-eabi/newlib/libc_nano.a(lib_a-memcpy.o)": "c_library",
    }
    assert {name: part(name) for name in expected} == expected


def test_a_library_without_log_is_known_by_its_index(tmp_path, library_with_index):
    """As build type `release` leaves it: what includes its headers must be compiled without log, too."""
    for symbols, has_log in ((["_Z11MicroPrintfPKcz", "main"], True), (["main", "_Z11MicroPrintfPKczX"], False)):
        library = TflmLibrary(library_with_index(*symbols), STAND_IN / "include")
        assert library.has_log() is has_log
        tflite = tmp_path / "model.tflite"
        write_tflite(random_network(small_ds_cnn(), seed=1), tflite)
        write_tflm_program(tflite, tmp_path / "src", library, core="cortex-m4", optimise="size", arena_bytes=4096)
        text = (tmp_path / "src" / "operators.h").read_text(encoding="utf-8")
        assert ("#define TF_LITE_STRIP_ERROR_STRINGS 1\n" in text) is not has_log


@pytest.fixture
def library_with_index(tmp_path):
    """Makes a library whose index names symbols of its only member."""

    def make(*symbols: str) -> Path:
        index = struct.pack(">I", len(symbols)) + struct.pack(">I", 0) * len(symbols)
        index += b"".join(symbol.encode() + b"\0" for symbol in symbols)
        header = f"{'/':16}{0:<12}{0:<6}{0:<6}{0:<8}{len(index):<10}`\n".encode()
        (tmp_path / "tflm.a").write_bytes(b"!<arch>\n" + header + index)
        return tmp_path / "tflm.a"

    return make
