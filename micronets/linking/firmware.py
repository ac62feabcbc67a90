"""A linked firmware and what it takes of the board."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from micronets.boards import Board
from micronets.compiler.compiled_network import PlannedBuffer
from micronets.errors import BuildError
from micronets.linking.elf import check_program
from micronets.linking.linker_map import Contribution
from micronets.runtime import MICRONETS
from micronets.stage_file import made_anew, read_json, reading

NETWORK_OBJECT = "network-"
HARNESS_OBJECT = "harness-"


@dataclass(frozen=True)
class FlashUse:
    """Bytes of flash by what they are for.

    Attributes:
        network_code: the generated functions, the kernels they call, and what those need of the C library.
        network_constants: weights, biases, requantisation constants, tables, and initial values of variables.
        harness: start-up code, fault handler, benchmark program, vectors; what a product would bring itself.
    """

    network_code: int
    network_constants: int
    harness: int

    @property
    def network(self) -> int:
        """What the network costs a product."""
        return self.network_code + self.network_constants

    @property
    def total(self) -> int:
        """Everything in flash."""
        return self.network + self.harness


@dataclass(frozen=True)
class LayerFlash:
    """Bytes of flash of one layer's own: the function that runs it, and its constants. Kernels serve many layers."""

    code: int
    constants: int


@dataclass(frozen=True)
class RamUse:
    """Bytes of RAM that the linker sets aside, by what they are for.

    Attributes:
        network: everything the network needs but the stack.
        harness: of the benchmark program, as in `FlashUse`.
        stack: what is reserved for it, not what an inference uses.
    """

    network: int
    harness: int
    stack: int

    @property
    def total(self) -> int:
        """Everything that is set aside."""
        return self.network + self.harness + self.stack


@dataclass(frozen=True)
class MemoryPlan:
    """Where the compiler has put every buffer in the arena, and for which steps it lives.

    Attributes:
        steps: names of the layers that each step runs, in order; several where they run row by row.
    """

    arena_bytes: int
    buffers: tuple[PlannedBuffer, ...]
    steps: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Runtime:
    """What runs a network.

    Attributes:
        name: `micronets`, C of our compiler; or `tflm`, an interpreter.
        library_sha256: of the interpreter's library; None where there is none.
        arena_trials: bytes of every arena that was tried for the interpreter, in order, and whether it was enough.
    """

    name: str
    library_sha256: str | None = None
    arena_trials: tuple[tuple[int, bool], ...] = ()


COMPILED = Runtime(MICRONETS)


@dataclass(frozen=True)
class Firmware:
    """A linked program for one network on one board's emulator.

    Attributes:
        elf: the program; `map` is its linker map.
        input_bytes: of what it reads for each call of `entry`, an input tensor; likewise `output_bytes`.
        layers: names of the functions that instructions are counted by: `network_layer_NN_<op>`, in order.
        layer_macs: multiply-accumulates of each layer, as the compiler left them to be done.
        entry: the function that is called for every input; `calls`: what such calls are called in messages.
        layer_flash_bytes: of each layer; empty where a program does not keep its layers apart.
        reference_layers: those of `layers` that a portable reference kernel runs, several times slower than the others.
        flash_parts: the network's bytes of flash by what of its runtime they are; empty where that is not told apart.
    """

    elf: Path
    map: Path
    board: Board
    network: str
    input_bytes: int
    output_bytes: int
    layers: tuple[str, ...]
    layer_macs: tuple[int, ...]
    memory_plan: MemoryPlan
    flash_bytes: FlashUse
    linked_ram_bytes: RamUse
    entry: str = "network_invoke"
    calls: str = "inferences"
    runtime: Runtime = COMPILED
    layer_flash_bytes: tuple[LayerFlash, ...] = ()
    reference_layers: tuple[str, ...] = ()
    flash_parts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict:
        """All but the paths, for `firmware.json`."""
        content = asdict(self)
        del content["elf"], content["map"]
        return content

    @classmethod
    def load(cls, directory: Path) -> "Firmware":
        """The firmware that `build_firmware` left in `directory`; raises BuildError where it is not whole."""
        path = Path(directory) / "firmware.json"
        content = read_json(path, "firmware", kind=BuildError)
        with reading(path, kind=BuildError):
            board, plan, runtime = (content.pop(name) for name in ("board", "memory_plan", "runtime"))
            firmware = cls(
                elf=path.with_name("firmware.elf"),
                map=path.with_name("firmware.map"),
                board=Board.from_json(board),
                layers=tuple(content.pop("layers")),
                layer_macs=tuple(content.pop("layer_macs")),
                reference_layers=tuple(content.pop("reference_layers")),
                layer_flash_bytes=tuple(LayerFlash(**layer) for layer in content.pop("layer_flash_bytes")),
                memory_plan=MemoryPlan(
                    plan["arena_bytes"],
                    tuple(PlannedBuffer(**buffer) for buffer in plan["buffers"]),
                    tuple(tuple(step) for step in plan["steps"]),
                ),
                flash_bytes=FlashUse(**content.pop("flash_bytes")),
                linked_ram_bytes=RamUse(**content.pop("linked_ram_bytes")),
                runtime=Runtime(
                    **{**runtime, "arena_trials": tuple((size, works) for size, works in runtime["arena_trials"])}
                ),
                **content,
            )
        if not firmware.elf.is_file() or not firmware.map.is_file():
            raise BuildError(f"{path} describes a firmware whose .elf or .map is gone; {made_anew(path)}.")
        check_program(firmware.elf)
        return firmware


def measure_memories(contributions: Sequence[Contribution], stack_bytes: int) -> tuple[FlashUse, RamUse]:
    """Adds up a linker map: everything that is not the harness's is the network's, the C library included.

    (The harness is written to need nothing of the C library.)
    """
    flash = {"network_code": 0, "network_constants": 0, "harness": 0}
    ram = {"network": 0, "harness": 0}
    for name, part in _owners(contributions):
        owner = "harness" if name.startswith(HARNESS_OBJECT) else "network"
        if part.output in _IN_FLASH:
            kind = "network_code" if part.output == ".text" else "network_constants"
            flash[kind if owner == "network" else "harness"] += part.size_bytes
        if part.output in (".data", ".bss", ".stack"):
            ram[owner] += part.size_bytes
    ram["harness"] -= stack_bytes
    return FlashUse(**flash), RamUse(**ram, stack=stack_bytes)


def measure_flash_parts(contributions: Sequence[Contribution], part_of: Callable[[str], str]) -> dict[str, int]:
    """Bytes of flash of all that is the network's, by `part_of` its object files' names; largest first."""
    sizes: dict[str, int] = {}
    for name, part in _owners(contributions):
        if part.output in _IN_FLASH and not name.startswith(HARNESS_OBJECT):
            sizes[part_of(name)] = sizes.get(part_of(name), 0) + part.size_bytes
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


_IN_FLASH = (".vectors", ".text", ".rodata", ".data")


def _owners(contributions: Sequence[Contribution]) -> Iterator[tuple[str, Contribution]]:
    """Each with the object file that it is for; what the script reserves is the harness's."""
    owner = NETWORK_OBJECT
    for part in contributions:
        if part.object == "*script*" or part.output == ".stack":
            owner = HARNESS_OBJECT
        elif part.object != "*fill*":  # padding belongs to whatever it follows
            owner = part.object
        yield owner, part


_LAYER_SECTION = re.compile(r"\.(?:text|rodata|data)\.network_layer_(\d+)(?:_|$)")


def measure_layers(contributions: Sequence[Contribution], layers: Sequence[str]) -> tuple[LayerFlash, ...]:
    """What each of the functions `network_layer_NN_<op>` has to itself in flash; padding is nobody's."""
    code, constants = dict.fromkeys(layers, 0), dict.fromkeys(layers, 0)
    names = {int(name.split("_")[2]): name for name in layers}
    for part in contributions:
        match = _LAYER_SECTION.match(part.section)
        if match is not None and int(match[1]) in names:
            kind = code if part.output == ".text" else constants
            kind[names[int(match[1])]] += part.size_bytes
    return tuple(LayerFlash(code[name], constants[name]) for name in layers)
