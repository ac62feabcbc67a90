"""The program for a board itself: the network, MLPerf Tiny's commands, and tensors in bulk over the serial port."""

import hashlib
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from micronets.atomic import write_bytes, write_json, write_text
from micronets.boards import Board
from micronets.csrc import BOARDS, CSRC
from micronets.errors import BuildError
from micronets.linking.build import COMMON_SOURCES
from micronets.linking.elf import check_program
from micronets.linking.firmware import Firmware
from micronets.linking.link import INCLUDES, CompiledSources, Harness, compile_and_link, layers_by_step
from micronets.linking.machines import Machine
from micronets.stage_file import made_anew, read_json, reading

VENDOR = "micronets"
FIRMWARE_NAME = "micronets serial firmware 1"
BAUD = 115200
"""At which a session on the serial line begins."""

_APP = ("serial", "frames", "fault_text", "text_commands", "messages", "tensor", "steps", "stopwatch", "words")
_BENCHMARK_NAMES = {"kws": "kws01", "vww": "vww01", "ad": "ad01", "ic": "ic01"}
_PIXEL_TASKS = ("vww", "ic")


@dataclass(frozen=True)
class BoardProgram:
    """A program for a board.

    Attributes:
        elf: the program; its linker map lies beside it.
        build: identity of the program, which it tells over the serial port; 8 bytes as hexadecimal digits.
        model: its name in the benchmark.
        steps: layer functions that each step of an inference runs, in order.
    """

    elf: Path
    board: Board
    network: str
    build: str
    model: str
    input_bytes: int
    output_bytes: int
    steps: tuple[tuple[str, ...], ...]

    @classmethod
    def load(cls, directory: Path) -> "BoardProgram":
        """The program that `build_board_program` left; raises BuildError where it is not whole."""
        path = Path(directory) / "board.json"
        note = path.with_name("firmware.json")
        content = read_json(path, "board_program", kind=BuildError)
        with reading(note, about=str(path), kind=BuildError):
            program = cls(
                elf=path.with_suffix(".elf"),
                **{
                    **content,
                    "board": Board.from_json(content["board"]),
                    "steps": tuple(tuple(step) for step in content["steps"]),
                },
            )
        if not program.elf.is_file():
            raise BuildError(f"{path} describes a program whose .elf is gone; {made_anew(note)}.")
        check_program(program.elf, note)
        return program


def build_board_program(compiled: CompiledSources, firmware: Firmware, *, task: str) -> BoardProgram:
    """Builds `board.elf`, `board.map` and `board.json` beside the firmware for the emulator.

    Args:
        firmware: what `build_firmware` has made of the same network; the program gets as large a stack.
        task: decides the model's name in the benchmark and in which form its runner loads inputs; a network that
            reconstructs its input (`ad`, as many outputs as inputs) takes real numbers.

    Raises:
        BuildError: there is no support for the board itself, or as `compile_and_link`.
    """
    board, directory = firmware.board, firmware.elf.parent
    if board.hardware is None:
        raise BuildError(
            f"There is no support for {board.name} itself, only for its emulator; choose another board, or set "
            "profile.target to emulator."
        )
    model = _BENCHMARK_NAMES.get(task, compiled.name)
    sources = (
        *COMMON_SOURCES,
        *(f"app/{name}.c" for name in _APP),
        *(str(BOARDS / name) for name in board.hardware.sources),
    )
    definitions = {
        "BOARD_NAME": f'"{board.name}"',
        "BOARD_BAUD": str(BAUD),
        "BOARD_FLASH_WAIT_STATES": str(board.hardware.flash_wait_states),
        "INPUT_FORMAT": _input_format(task, firmware),
        "VENDOR": f'"{VENDOR}"',
        "FIRMWARE_NAME": f'"{FIRMWARE_NAME}"',
        "MODEL_NAME": f'"{model}"',
        "STEP_COUNT": str(compiled.steps),
    }
    build = _identity(compiled, sources, definitions)
    definitions["BUILD_ID"] = "{" + ",".join(f"0x{byte:02x}" for byte in bytes.fromhex(build)) + "}"
    flags = tuple(f"-D{name}={value}" for name, value in definitions.items())
    steps_header = str((CSRC / "app" / "steps.h").resolve())
    harness = Harness(sources, flags, (f"-DSTEP_COUNT={compiled.steps}", "-include", steps_header))
    hardware = board.hardware
    memories = Machine(hardware.flash_origin, board.flash_bytes, hardware.ram_origin, board.sram_bytes)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        compile_and_link(compiled, harness, board, memories, firmware.linked_ram_bytes.stack, work)
        write_bytes(directory / "board.elf", (work / "firmware.elf").read_bytes())
        write_text(directory / "board.map", (work / "firmware.map").read_text(encoding="utf-8"))
    program = BoardProgram(
        elf=directory / "board.elf",
        board=board,
        network=compiled.name,
        build=build,
        model=model,
        input_bytes=firmware.input_bytes,
        output_bytes=firmware.output_bytes,
        steps=layers_by_step(compiled),
    )
    content = asdict(program)
    del content["elf"]
    write_json(directory / "board.json", content)
    return program


def _input_format(task: str, firmware: Firmware) -> str:
    if task == "ad" and firmware.input_bytes == firmware.output_bytes:
        return "INPUT_FLOAT32"
    return "INPUT_PIXELS" if task in _PIXEL_TASKS else "INPUT_INT8"


def _identity(compiled: CompiledSources, sources: tuple[str, ...], definitions: dict[str, str]) -> str:
    """Of everything that the program is made of; paths do not count."""
    digest = hashlib.sha256(repr((compiled.core, compiled.optimise, sorted(definitions.items()))).encode())
    folders = (*compiled.include_directories, *(CSRC / folder for folder in INCLUDES))
    headers = [path for folder in folders for path in sorted(Path(folder).glob("*.h"))]
    for path in (*compiled.sources, *(CSRC / source for source in sources), *headers):
        digest.update(Path(path).name.encode() + b"\0" + Path(path).read_bytes())
    return digest.hexdigest()[:16]
