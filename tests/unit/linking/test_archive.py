from pathlib import Path

import pytest

from micronets.compiler.cores import CORES
from micronets.linking.archive import defines, read_build_attributes
from micronets.linking.toolchain import core_flags, run_tool
from tests.arm_library import CORES as WRITTEN_BY_HAND
from tests.arm_library import library_for

LONG_NAME = "arm_depthwise_convolution"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One for every core, of two object files."""
    folder = tmp_path_factory.mktemp("libraries")
    found = {}
    for core in CORES:
        work = folder / core
        work.mkdir()
        for name in ("f", LONG_NAME):
            (work / f"{name}.c").write_text("int odd(int value) { return value & 1; }\n", encoding="utf-8")
            run_tool("arm-none-eabi-gcc", [*core_flags(core), "-c", f"{name}.c"], work)
        run_tool("arm-none-eabi-gcc-ar", ["rcs", "library.a", "f.o", f"{LONG_NAME}.o"], work)
        found[core] = work / "library.a"
    return found


def test_a_library_fits_the_core_that_it_was_built_for_and_no_other(libraries: dict[str, Path]) -> None:
    for core, path in libraries.items():
        members = read_build_attributes(path)
        assert list(members) == ["f.o", f"{LONG_NAME}.o"]
        for attributes in members.values():
            assert [name for name in CORES if attributes.fits(CORES[name])] == [core]


def test_libraries_put_together_by_hand_say_what_the_compiler_writes(libraries: dict[str, Path], tmp_path) -> None:
    assert list(WRITTEN_BY_HAND) == list(CORES)
    for core, path in libraries.items():
        (by_hand,) = read_build_attributes(library_for(core, tmp_path / "library.a")).values()
        assert by_hand == read_build_attributes(path)["f.o"]


def test_symbols_are_found_in_the_index_that_ar_has_made(libraries: dict[str, Path]) -> None:
    assert defines(libraries["cortex-m4"], "odd")
    assert not any(defines(libraries["cortex-m4"], symbol) for symbol in ("od", "dd", "odd_", "f.o"))
