"""What is linked for a board itself."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from micronets.boards import Board, find_board, load_boards
from micronets.errors import BuildError
from micronets.linking.board_program import BoardProgram
from micronets.linking.firmware import Firmware
from micronets.linking.linker_map import read_linker_map
from micronets.linking.symbols import read_symbols

NETWORK = """
__attribute__((noinline)) void network_layer_00_copy(void) { arena[32] = arena[0]; }
void network_invoke(void) { network_layer_00_copy(); NETWORK_AFTER_STEP(0); }
"""
BOARDS = [board for board in load_boards().values() if board.hardware is not None]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_memories_and_libraries(build: Callable[..., Firmware], board: Board) -> None:
    program = BoardProgram.load(build(NETWORK, board, task="kws").elf.parent)
    symbols = read_symbols(program.elf)
    contributions = [part for part in read_linker_map(program.elf.with_suffix(".map")) if part.size_bytes]
    flash, ram = board.hardware.flash_origin, board.hardware.ram_origin
    vectors = next(part for part in contributions if part.output == ".vectors")
    assert vectors.address == flash == 0x08000000
    assert symbols["program_stack_start"].address == ram == 0x20000000
    assert symbols["flash_end"].address - flash == board.flash_bytes
    assert symbols["ram_end"].address - ram == board.sram_bytes
    # No printf, no libm, no arithmetic on doubles; 64-bit division is all that comes from a library.
    libraries = {part.object for part in contributions if ".a(" in part.object}
    assert all("libgcc.a(" in name and "divmod" in name or "dvmd" in name for name in libraries), libraries
    assert not [name for name in symbols if "printf" in name or name.startswith("__aeabi_d") or name == "malloc"]
    assert sum(part.size_bytes for part in contributions if part.output in (".text", ".rodata")) < 10_000


def test_identity(build: Callable[..., Firmware]) -> None:
    board = find_board("nucleo-f446re")

    def identity(body: str = NETWORK, board: Board = board, task: str = "kws") -> str:
        return BoardProgram.load(build(body, board, task=task).elf.parent).build

    first = identity()
    assert identity() == first
    others = [identity(NETWORK.replace("arena[0]", "arena[1]")), identity(task="vww")]
    others.append(identity(board=find_board("nucleo-l4r5zi")))
    assert len({first, *others}) == 4


def test_a_program_is_found_again_or_told_damaged(build: Callable[..., Firmware]) -> None:
    folder = build(NETWORK, find_board("nucleo-f746zg"), task="ad").elf.parent
    program = BoardProgram.load(folder)
    assert (program.model, program.board.name) == ("ad01", "nucleo-f746zg")
    assert program.steps == (("network_layer_00_copy",),)
    path = folder / "board.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "steps": None}), encoding="utf-8")
    with pytest.raises(BuildError, match=r"board\.json is damaged .*make it anew: rm .*board\.json"):
        BoardProgram.load(folder)
    path.write_text(json.dumps(content), encoding="utf-8")
    program.elf.unlink()
    with pytest.raises(BuildError, match=r"\.elf is gone; make it anew: rm .*firmware\.json"):
        BoardProgram.load(folder)


def test_another_task_keeps_the_networks_name(build: Callable[..., Firmware], tmp_path: Path) -> None:
    assert BoardProgram.load(build(NETWORK, find_board("nucleo-f446re"), task="own").elf.parent).model == "trial"
