"""TensorFlow Lite Micro as the runtime, with a library in its place whose behaviour is foretold here."""

import contextlib
import csv
import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import micronets.profile
from micronets.architecture import Architecture, AveragePooling, Convolution
from micronets.boards import Board, find_board
from micronets.cli import main
from micronets.compiler.graph import Graph
from micronets.compiler.reader import read_graph
from micronets.errors import BuildError, EmulatorError, ModelError
from micronets.evaluation import ClassTruth, pack_truth
from micronets.export.writer import write_tflite
from micronets.fuzz.builder import ModelBuilder
from micronets.hardware.measure import measure
from micronets.hardware.port import open_port
from micronets.linking.board_program import build_board_program
from micronets.linking.build import build_firmware
from micronets.linking.firmware import Firmware
from micronets.linking.linker_map import read_linker_map
from micronets.profile import Profile, profile_firmware
from micronets.profile.stage import profile
from micronets.tflm import TflmLibrary, TflmProgram, write_tflm_program
from micronets.tflm.build import build_tflm_firmware
from micronets.tflm.host import tflm_arena_bytes
from tests.emulated_board import Runner, emulated_board
from tests.networks import random_network, small_ds_cnn, small_residual
from tests.tflm_library import build_library, needed_bytes, outputs_of

INPUTS = 4
TINY = Architecture("tiny", (4, 4, 1), (Convolution(8), AveragePooling(), Convolution(3, activation="linear")))


@dataclass(frozen=True)
class Built:
    """A network on the stand-in library; inputs int8 (4, ...), outputs as the library gives them."""

    tflite: Path
    graph: Graph
    library: TflmLibrary
    program: TflmProgram
    firmware: Firmware
    profile: Profile
    inputs: np.ndarray
    outputs: np.ndarray


def build(directory: Path, architecture: Architecture, board: Board, *, log: bool = True) -> Built:
    tflite = directory / "model.tflite"
    write_tflite(random_network(architecture, seed=3), tflite)
    graph = read_graph(tflite)
    library = build_library(board.core, directory / "library", log=log)
    program, firmware = build_tflm_firmware(tflite, library, board, directory / "firmware", optimise="balanced")
    inputs = np.random.default_rng(5).integers(-128, 128, (INPUTS, *architecture.input_shape), np.int8)
    outputs = outputs_of(graph, inputs)
    found = profile_firmware(firmware, inputs, outputs)
    return Built(tflite, graph, library, program, firmware, found, inputs, outputs)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("tflm"), small_ds_cnn(), find_board("netduinoplus2"))


def test_outputs_are_the_librarys(built: Built) -> None:
    assert (built.profile.compared_outputs, built.profile.different_outputs) == (INPUTS, 0)
    wrong = built.outputs.copy()
    wrong[1, 0] += 1
    assert profile_firmware(built.firmware, built.inputs, wrong).different_outputs == 1


def test_the_arena_is_the_smallest_that_works(built: Built) -> None:
    smallest = -(-needed_bytes(built.graph) // 16) * 16
    assert built.program.arena_bytes == built.firmware.memory_plan.arena_bytes == smallest
    trials = built.firmware.runtime.arena_trials
    assert (smallest, True) in trials and (smallest - 16, False) in trials
    # In the smallest that was tried, the program has crashed: it was far too small.
    assert min(trials)[0] < smallest - 400 and not min(trials)[1]
    # The first is all that is left; its 16 bytes of arena apart, the program that tries has no other RAM.
    first_bytes, worked = trials[0]
    assert worked and 0.9 * built.firmware.board.sram_bytes < first_bytes < built.firmware.board.sram_bytes
    content = json.loads(built.firmware.elf.with_name("firmware.json").read_text(encoding="utf-8"))
    assert content["runtime"]["name"] == "tflm"
    assert content["runtime"]["arena_trials"] == [list(trial) for trial in trials]
    assert Firmware.load(built.firmware.elf.parent) == built.firmware


def test_an_arena_one_step_smaller_ends_in_a_sentence(built: Built, tmp_path: Path) -> None:
    smaller = write_tflm_program(
        built.tflite,
        tmp_path / "src",
        built.library,
        core=built.firmware.board.core,
        optimise="size",
        arena_bytes=built.program.arena_bytes - 16,
    )
    firmware = build_firmware(smaller, built.firmware.board, tmp_path / "firmware")
    with pytest.raises(EmulatorError, match="The runtime of model gave up: the arena is too small"):
        profile_firmware(firmware, built.inputs)


def test_the_profile_tells_the_operators_apart(built: Built) -> None:
    kinds = [operator.kind.lower() for operator in built.graph.operators]
    assert built.firmware.layers == tuple(f"network_layer_{i:02d}_{kind}" for i, kind in enumerate(kinds))
    instructions = {name: counts.instructions for name, counts in built.profile.layers}
    assert sum(instructions.values()) == built.profile.instructions[0] == built.profile.instructions[1]
    # A convolution of the stand-in does its work five times, a depthwise one twice, others once.
    passes = {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 2}
    for layer, operator in zip(built.firmware.layers, built.graph.operators, strict=True):
        written = built.graph.tensors[operator.outputs[0]].elements * passes.get(operator.kind, 1)
        counts = dict(built.profile.layers)[layer]
        assert written <= counts.ram_stores <= written + 64
        assert instructions[layer] > 2 * written
    assert 0 < instructions["network_invoke"] < 60 * len(kinds)


def test_multiply_accumulates_are_the_files(built: Built) -> None:
    by_kind = {}
    for layer, operator in zip(built.program.layers, built.graph.operators, strict=True):
        by_kind.setdefault(operator.kind, []).append(layer.macs)
    # 13x10 in, stem 5x4 of 8; depthwise 3x3 at stride 2 to 7x5; 12 channels; depthwise; 8 channels; classifier of 4.
    assert by_kind["CONV_2D"] == [13 * 10 * 8 * 20, 35 * 8 * 12, 35 * 12 * 8, 8 * 4]
    assert by_kind["DEPTHWISE_CONV_2D"] == [35 * 8 * 9, 35 * 12 * 9]
    assert by_kind["AVERAGE_POOL_2D"] == [0]


def test_memories_are_told_apart(built: Built) -> None:
    flash, ram = built.firmware.flash_bytes, built.firmware.linked_ram_bytes
    model_bytes = built.tflite.stat().st_size
    assert model_bytes <= flash.network_constants < model_bytes + 400
    assert built.program.arena_bytes < ram.network < built.program.arena_bytes + 2000
    assert 512 <= ram.harness < 1024
    assert ram.stack == 8192
    parts = built.firmware.flash_parts
    assert set(parts) == {"model", "interpreter", "c_library"}  # the stand-in has no kernels with sources of their own
    assert sum(parts.values()) == flash.network
    assert model_bytes <= parts["model"] < model_bytes + 16
    objects = {part.object for part in read_linker_map(built.firmware.map)}
    assert any("/libc_nano.a(" in name for name in objects) and not any("/libc.a(" in name for name in objects)
    assert 0 < parts["c_library"] < 2000


def test_the_stage_reports_other_outputs_than_tflms_as_a_finding(built: Built, tmp_path: Path) -> None:
    expected = built.outputs.copy()
    expected[2] += 1
    grids = {"input_grid": np.array([0.1, 0]), "output_grid": np.array([0.1, 0])}
    truth = pack_truth(ClassTruth(np.zeros(INPUTS, np.int64)))
    np.savez(tmp_path / "test_inputs.npz", inputs=built.inputs, outputs=expected, **grids, **truth)
    folder = built.firmware.elf.parent
    profile(folder, tmp_path / "test_inputs.npz", tmp_path, inputs=INPUTS, timeout_s=60)
    content = json.loads((tmp_path / "profile.json").read_text(encoding="utf-8"))
    schema = json.loads(Path(micronets.profile.__file__).with_name("profile.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    assert content["flash_bytes"]["network_parts"] == built.firmware.flash_parts
    assert content["runtime"] == "tflm"
    assert (content["outputs"]["compared"], content["outputs"]["different"]) == (INPUTS, 1)


def test_a_file_alone_is_profiled_on_a_library(tmp_path: Path, capsys: pytest.CaptureFixture, built: Built) -> None:
    """A RESHAPE alone is what the stand-in does as TFLM does."""
    model = ModelBuilder()
    tensors = [model.tensor(shape, "int8", 0.5) for shape in ((1, 4, 6, 2), (1, 48))]
    shape = model.tensor((2,), "int32", data=np.array([1, 48], np.int32))
    model.operator("RESHAPE", [tensors[0], shape], [tensors[1]])
    (tmp_path / "reshape.tflite").write_bytes(model.build(tensors[:1], tensors[1:]))
    arguments = [str(tmp_path / "reshape.tflite"), "--board", "netduinoplus2", "--output", str(tmp_path / "out")]
    assert main(["profile", *arguments, "--tflm", str(built.library.library), str(built.library.include)]) == 0
    printed = capsys.readouterr().out
    assert "outputs: 3 of 3 compared are equal bit for bit" in printed
    assert re.search(r"of these [\d,]+ \w+, [\d,]+ [\w ]+, [\d,]+ [\w ]+\n", printed)
    assert f"arena: 144 bytes; TFLM's on this machine: {tflm_arena_bytes(tmp_path / 'reshape.tflite'):,} " in printed
    firmware = Firmware.load(tmp_path / "out")
    assert firmware.memory_plan.arena_bytes == 48 + 48 + 48
    assert (128, False) in firmware.runtime.arena_trials  # there, it calls abort()
    assert main(["profile", *arguments, "--tflm", "none.a", str(built.library.include)]) == 1
    assert "there is no file none.a; build it" in capsys.readouterr().err


def test_the_benchmark_measures_it_beside_every_model(
    tmp_path: Path, capsys: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture, built: Built
) -> None:
    caplog.set_level("INFO")
    write_tflite(random_network(TINY, seed=3), tmp_path / "tiny.tflite")
    arguments = [str(tmp_path / "tiny.tflite"), "--output", str(tmp_path / "out")]
    assert main(["benchmark", *arguments, "--tflm", str(built.library.library), str(built.library.include)]) == 0
    printed = capsys.readouterr().out
    assert f"cortex-m4: {built.library.library}, without CMSIS-NN" in printed
    assert "not measured on a cortex-m55" in caplog.text and "not for a cortex-m55" in caplog.text
    with open(tmp_path / "out" / "benchmark.csv", encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    graph = read_graph(tmp_path / "tiny.tflite")
    assert (
        int(row["baseline_arena_bytes"]) == -(-needed_bytes(graph) // 16) * 16 < int(row["baseline_network_ram_bytes"])
    )
    parts = [int(row[f"baseline_flash_{part}_bytes"]) for part in ("model", "kernels", "interpreter", "c_library")]
    assert sum(parts) == int(row["baseline_flash_bytes"]) and parts[1] == 0
    assert (row["fastest_peer"], row["baseline_m55_instructions"]) == ("TFLM + CMSIS-NN", "")
    share = float(row["estimated_ms"]) / float(row["baseline_ms"])
    assert float(row["share_of_baseline"]) == pytest.approx(share, rel=0.02)  # of milliseconds as they are rounded
    assert int(row["baseline_instructions"]) > 100
    assert row["baseline_different_outputs"] == "3"  # the stand-in does not convolve
    assert "3 differ" in printed
    with Image.open(tmp_path / "out" / "comparison.png") as picture:
        assert picture.format == "PNG"


def test_the_serial_program_speaks_the_same_protocol(built: Built) -> None:
    program = build_board_program(built.program, built.firmware, task="kws")
    with emulated_board(program.elf) as name:
        with open_port(name) as port:
            found = measure(program, port, built.inputs, timeout_s=60)
        assert np.array_equal(found.outputs, built.outputs)
        assert [layer for step in found.steps for layer in step] == list(built.firmware.layers)
        counted = built.profile.instructions[0]
        # An instruction takes a nanosecond. What reporting a step takes is measured and taken away, but for what a
        # function that does more than call a kernel needs itself: push and pop, and the status and step in registers.
        assert np.all(found.cycles >= counted)
        assert np.all(found.cycles - counted <= 6 * len(built.firmware.layers))
        with contextlib.closing(Runner(name)) as runner:
            runner.synchronise()
            assert runner.command("profile")[1] == "m-model-[kws01]"
            data = built.inputs[1].tobytes()
            runner.command(f"db load {len(data)}")
            for start in range(0, len(data), 32):
                runner.command(f"db {data[start : start + 32].hex()}")
            lines = runner.command("infer 1 0")
    scale, zero_point = built.program.output.scale, built.program.output.zero_point
    results = np.array(lines[-1].removeprefix("m-results-[").removesuffix("]").split(","), float)
    assert np.allclose(results, scale * (built.outputs[1].astype(int) - zero_point), atol=1e-3)


@pytest.mark.parametrize(("name", "log"), [("frdm-kl25z", False), ("corstone-300", True)])
def test_other_cores(name: str, log: bool, tmp_path: Path) -> None:
    """Armv6-M has few instructions and 16 KB of RAM; Armv8.1-M a stack limit. A library may have no log to register."""
    found = build(tmp_path, TINY, find_board(name), log=log)
    assert found.profile.different_outputs == 0
    assert found.program.arena_bytes == -(-needed_bytes(found.graph) // 16) * 16


def test_a_network_that_needs_more_than_is_left(tmp_path: Path) -> None:
    board = replace(find_board("netduinoplus2"), name="small", sram_bytes=12 << 10)
    with pytest.raises(BuildError, match=r"bytes of RAM that small has left: The firmware of model faulted"):
        build(tmp_path, small_ds_cnn(16), board)


def test_an_operator_without_add_method_is_named(tmp_path: Path, built: Built) -> None:
    """The stand-in has none for PAD, which additions of unequal widths are made with."""
    tflite = tmp_path / "residual.tflite"
    write_tflite(random_network(small_residual(), seed=3), tflite)
    first = next(operator for operator in read_graph(tflite).operators if operator.kind == "PAD")
    sentence = rf"residual.tflite: operator {first.index} \(PAD\) has no Add method in the MicroMutableOpResolver of"
    with pytest.raises(ModelError, match=sentence):
        write_tflm_program(tflite, tmp_path / "src", built.library, core="cortex-m4", optimise="size", arena_bytes=1024)
    assert not (tmp_path / "src").exists()


def test_a_library_for_another_core_is_refused(tmp_path: Path, built: Built) -> None:
    board = find_board("frdm-kl25z")
    program = replace(built.program, core=board.core)
    with pytest.raises(
        BuildError, match=r"libtensorflow-microlite\.a was built for another core than the cortex-m0plus"
    ):
        build_firmware(program, board, tmp_path)


def test_equal_inputs_give_equal_bytes(tmp_path: Path, built: Built) -> None:
    again = write_tflm_program(
        built.tflite,
        tmp_path / "src",
        built.library,
        core="cortex-m4",
        optimise="balanced",
        arena_bytes=built.program.arena_bytes,
    )
    firmware = build_firmware(again, built.firmware.board, tmp_path, 8 * 1024)
    assert firmware.elf.read_bytes() == built.firmware.elf.read_bytes()
    assert firmware.map.read_bytes() == built.firmware.map.read_bytes()


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (
            "flatbuffers/flatbuffers.h",
            r"flatbuffers/flatbuffers\.h, which .* include, is not in .*; name the folder in which",
        ),
        ("cstdmissing", r"lacks the C\+\+ header <cstdmissing>; .* libstdc\+\+-arm-none-eabi-newlib"),
    ],
)
def test_missing_headers_have_a_remedy(tmp_path: Path, built: Built, header: str, sentence: str) -> None:
    include = tmp_path / "include"
    shutil.copytree(built.library.include, include)
    interpreter = include / "tensorflow/lite/micro/micro_interpreter.h"
    interpreter.write_text(f"#include <{header}>\n" + interpreter.read_text(encoding="utf-8"), encoding="utf-8")
    library = TflmLibrary(built.library.library, include)
    with pytest.raises(BuildError, match=sentence):
        build_tflm_firmware(built.tflite, library, built.firmware.board, tmp_path / "out", optimise="size")
    assert not (tmp_path / "out").exists()
