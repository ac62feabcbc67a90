"""Boards from files: the built-in ones, and the user's own beside them."""

import pytest
import yaml

from micronets.boards import OWN_BOARDS_VARIABLE, find_board, load_boards, use_own_boards
from micronets.errors import BuildError, ConfigurationError

SMALLEST = {
    "core": "cortex-m4",
    "clock_hz": 100_000_000,
    "flash_bytes": 1 << 20,
    "sram_bytes": 1 << 17,
    "emulator": "mps2-an386",
}
HARDWARE = {
    "sources": ["start.c", "usart_f4.c"],
    "flash_origin": 0x08000000,
    "ram_origin": 0x20000000,
    "flash_wait_states": 3,
    "pyocd": "",
    "openocd": "",
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a file of boards; what a test makes known is forgotten after it."""
    monkeypatch.setenv(OWN_BOARDS_VARIABLE, "")

    def to_file(content):
        path = tmp_path / "boards.yaml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        return path

    return to_file


def test_an_entry_needs_no_more_than_the_emulator_does(write):
    (board,) = load_boards(write({"mine": SMALLEST})).values()
    assert (board.name, board.core, board.hardware, board.active_power_w) == ("mine", "cortex-m4", None, None)
    assert board.budget.flash_bytes == (1 << 20) - (24 << 10)
    assert board.budget.sram_bytes == (1 << 17) - (8 << 10)


def test_own_boards_stand_beside_the_built_in_ones(write):
    built_in = load_boards()
    use_own_boards(write({"mine": SMALLEST}))
    assert list(load_boards()) == [*built_in, "mine"]
    assert find_board("mine").clock_hz == 100_000_000
    assert find_board("nucleo-f446re") == built_in["nucleo-f446re"]


def test_the_name_of_a_built_in_board_is_refused(write):
    with pytest.raises(ConfigurationError, match="'nucleo-f446re' is the name of a built-in board; choose another"):
        use_own_boards(write({"nucleo-f446re": SMALLEST}))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("- a list", "must be a mapping of names to boards"),
        ("a: [", "is not valid YAML"),
        ({"My Board": SMALLEST}, "board 'My Board': a name is made of lower-case letters, digits and hyphens"),
        ({"mine": 3}, "board 'mine' is 3, but must be a mapping"),
        ({"mine": {**SMALLEST, "ram_bytes": 3}}, "lacks or should not have: ram_bytes"),
        ({"mine": {"core": "cortex-m4"}}, "lacks or should not have: clock_hz, flash_bytes, sram_bytes, emulator"),
        ({"mine": {**SMALLEST, "flash_bytes": "512K"}}, "flash_bytes is '512K', but must be a whole number"),
        ({"mine": {**SMALLEST, "clock_hz": 1e8}}, "clock_hz is 100000000.0, but must be a whole number"),
        ({"mine": {**SMALLEST, "core": 4}}, "core is 4, but must be text"),
        ({"mine": {**SMALLEST, "active_power_w": "much"}}, "active_power_w is 'much', but must be a number or null"),
        ({"mine": {**SMALLEST, "active_power_range_w": [1]}}, r"is \[1\], but must be a list of two numbers"),
        ({"mine": {**SMALLEST, "reserved": {"flash_bytes": 1}}}, "reserved lacks or should not have: sram_bytes"),
        ({"mine": {**SMALLEST, "hardware": {**HARDWARE, "sources": "a.c"}}}, "'a.c', but must be a list of files"),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(write, content, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        load_boards(write(content))


def test_a_missing_file_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(OWN_BOARDS_VARIABLE, "")
    with pytest.raises(ConfigurationError, match=r"none\.yaml cannot be read \(No such file or directory\)"):
        use_own_boards(tmp_path / "none.yaml")


def test_c_beside_the_file_starts_the_board(write, build, tmp_path):
    (tmp_path / "start.c").write_text(
        '#include "board.h"\nconst char board_name[] = BOARD_NAME;\n#error this very file\n', encoding="utf-8"
    )
    (board,) = load_boards(write({"mine": {**SMALLEST, "hardware": HARDWARE}})).values()
    assert board.hardware.sources == (str(tmp_path / "start.c"), "usart_f4.c")
    body = "void network_invoke(void) { NETWORK_AFTER_STEP(0); }"
    with pytest.raises(BuildError, match="this very file"):
        build(body, board, task="kws")
