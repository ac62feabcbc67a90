"""The folder of a compiled network, built as a stranger would: with nothing but that folder and a compiler."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import CORES, compile_network, find_core
from micronets.compiler.naming import Naming, default_prefix
from micronets.csrc import CSRC, INCLUDE, KERNELS, LICENCE_LINE
from micronets.errors import ConfigurationError, OutputError
from micronets.export.writer import write_tflite
from micronets.tflm.host import run_tflm
from tests.networks import random_network, small_ds_cnn, small_residual, small_skip_pool

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wundef", "-Werror")
ARCHITECTURES = {"keywords": small_ds_cnn(), "person": small_residual(), "pooled": small_skip_pool()}

MAIN = """
#include <stdio.h>
#include "keywords.h"
#include "person.h"
int main(void)
{
    while (fread(keywords_input, 1, KEYWORDS_INPUT_BYTES, stdin) == KEYWORDS_INPUT_BYTES)
    {
        if (fread(person_input, 1, PERSON_INPUT_BYTES, stdin) != PERSON_INPUT_BYTES) return 1;
        keywords_invoke();
        person_invoke();
        fwrite(keywords_output, 1, KEYWORDS_OUTPUT_BYTES, stdout);
        fwrite(person_output, 1, PERSON_OUTPUT_BYTES, stdout);
    }
    return 0;
}
"""


def model(name: str, folder: Path) -> Path:
    file = folder / f"{name}.tflite"
    write_tflite(random_network(ARCHITECTURES[name], seed=3), file)
    return file


def run(*command, directory: Path, **more) -> subprocess.CompletedProcess:
    done = subprocess.run(list(map(str, command)), cwd=directory, capture_output=True, check=False, **more)
    assert done.returncode == 0, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """A folder with the folders of two networks for different cores."""
    folder = tmp_path_factory.mktemp("two")
    for name, core in (("keywords", "cortex-m7"), ("person", "cortex-m4")):
        compile_network(model(name, folder), folder / name, core=core, prefix=name)
    (folder / "main.c").write_text(MAIN, encoding="utf-8")
    return folder


def check_answers(program: Path, folder: Path) -> None:
    random = np.random.default_rng(5)
    inputs = {
        n: random.integers(-128, 128, (20, *ARCHITECTURES[n].input_shape), np.int8) for n in ("keywords", "person")
    }
    both = np.concatenate([value.reshape(20, -1) for value in inputs.values()], axis=1)
    found = np.frombuffer(run(program, directory=folder, input=both.tobytes()).stdout, np.int8).reshape(20, -1)
    expected = [run_tflm(folder / f"{name}.tflite", value).reshape(20, -1) for name, value in inputs.items()]
    np.testing.assert_array_equal(found, np.concatenate(expected, axis=1))
    assert len(np.unique(found, axis=0)) > 10


@pytest.mark.parametrize("compiler", [("gcc", *STRICT, "-Wpedantic"), ("g++", "-x", "c++")], ids=["c", "c++"])
def test_two_networks_make_one_program(two, compiler):
    """All files of both folders on one include path, the objects in one folder; main also as C++."""
    sources = sorted(two.glob("*/*.c"))
    assert run("gcc", "-c", "-O1", *STRICT, *sources, directory=two).stderr == b""
    assert len(list(two.glob("*.o"))) == len(sources)
    run(*compiler, "-c", "-Ikeywords", "-Iperson", "main.c", "-o", "main.o", directory=two)
    run("gcc", *sorted(two.glob("*.o")), "-o", "program", directory=two)
    check_answers(two / "program", two)
    for file in two.glob("*.o"):
        file.unlink()


def test_two_networks_make_one_program_with_cmake(two):
    text = """cmake_minimum_required(VERSION 3.13)
project(both C)
add_subdirectory(keywords)
add_subdirectory(person)
add_executable(both main.c)
target_link_libraries(both PRIVATE keywords person)
"""
    (two / "CMakeLists.txt").write_text(text, encoding="utf-8")
    run("cmake", "-S", ".", "-B", "build", directory=two)
    run("cmake", "--build", "build", directory=two)
    check_answers(two / "build" / "both", two)


@pytest.mark.emulator
@pytest.mark.parametrize("core", CORES)
def test_it_compiles_strictly_for_every_core(core, tmp_path):
    """And every symbol that a linker sees begins with the prefix."""
    for name in ARCHITECTURES:
        compile_network(model(name, tmp_path), tmp_path / name, core=core, prefix=name)
        (tmp_path / name / "objects").mkdir()
        sources = sorted((tmp_path / name).glob("*.c"))
        flags = find_core(core).gcc_flags
        run("arm-none-eabi-gcc", *flags, "-O2", *STRICT, "-c", *sources, directory=tmp_path / name / "objects")
        found = run(
            "arm-none-eabi-nm", "-g", "--defined-only", *(tmp_path / name / "objects").iterdir(), directory=tmp_path
        )
        symbols = [line.split()[2] for line in found.stdout.decode().splitlines() if len(line.split()) == 3]
        assert f"{name}_invoke" in symbols and len(symbols) > 5
        assert [symbol for symbol in symbols if not symbol.startswith(f"{name}_")] == []


@pytest.mark.emulator
def test_a_core_that_cannot_run_it_is_refused(two):
    command = ["arm-none-eabi-gcc", "-mthumb", "-mcpu=cortex-m0plus", "-O2", "-c", "keywords.c", "-o", "/dev/null"]
    done = subprocess.run(command, cwd=two / "keywords", capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "call the compiler with -mthumb -mcpu=cortex-m7" in done.stderr


def test_no_define_is_needed_for_two_instructions_at_a_time(two):
    """What this project's own build calls the compiler with is the same: see tests/unit/timing/test_dual_issue.py."""
    assert not any(flag.startswith("-D") for core in CORES.values() for flag in core.gcc_flags)
    for name, expected in (("keywords", "1"), ("person", "0")):
        command = ["gcc", "-E", "-dM", f"{name}/{name}_point_dsp.c"]
        macros = run(*command, directory=two).stdout.decode()
        assert f"#define MN_DUAL_ISSUE {expected}\n" in macros


def test_what_a_user_put_there_stays(tmp_path):
    file, folder = model("person", tmp_path), tmp_path / "net"
    folder.mkdir()
    (folder / "main.c").write_text("mine", encoding="utf-8")
    compile_network(file, folder, core="cortex-m0plus", prefix="person")
    assert (folder / "person_point.c").exists() and not (folder / "person_patch_helium.c").exists()
    compile_network(file, folder, core="cortex-m55", prefix="other")
    assert not list(folder.glob("person*")) and (folder / "other.c").exists()
    assert (folder / "main.c").read_text(encoding="utf-8") == "mine"
    (folder / "other.c").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"other\.c was changed"):
        compile_network(file, folder, prefix="other")
    assert (folder / "other.c").read_text(encoding="utf-8") == "mine"


def test_all_c_that_ends_up_in_products_says_its_licence(two):
    files = [*KERNELS.iterdir(), *INCLUDE.iterdir(), *(CSRC / "features").iterdir(), *two.glob("*/*.[ch]")]
    assert len(files) > 60
    for path in files:
        if path.suffix in (".c", ".h"):
            assert path.read_text(encoding="utf-8").startswith(f"{LICENCE_LINE}\n"), path


def test_nothing_but_names_differs_between_prefixes(tmp_path):
    file = model("person", tmp_path)
    for prefix in ("one", "second"):
        compile_network(file, tmp_path / prefix, prefix=prefix)
    for path in sorted((tmp_path / "one").glob("*.[ch]")):
        other = tmp_path / "second" / f"second{path.name.removeprefix('one')}"
        text = path.read_text(encoding="utf-8")
        assert text.replace("one_", "second_").replace("one.h", "second.h").replace(
            "ONE_", "SECOND_"
        ) == other.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "prefix"),
    [
        ("kws.tflite", "kws"),
        ("kws-small.v2.tflite", "kws_small_v2"),
        ("01 net.tflite", "network_01_net"),
        ("schön.tflite", "sch_n"),
        (".tflite", "tflite"),
        ("é.tflite", "network"),
        ("time.tflite", "time_network"),
    ],
)
def test_the_file_gives_a_prefix(file, prefix):
    assert default_prefix(Path(file)) == prefix
    assert Naming(prefix).prefix == prefix


@pytest.mark.parametrize("prefix", ["", "2nd", "_net", "a-b", "signal", "Math"])
def test_a_prefix_that_cannot_be_is_refused(prefix, tmp_path):
    with pytest.raises(ConfigurationError, match=f"prefix '{prefix}'"):
        compile_network(tmp_path / "model.tflite", tmp_path / "net", prefix=prefix)
