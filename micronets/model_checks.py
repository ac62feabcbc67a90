"""What has to hold for each configured model before any job starts: its layers, its input, its boards.

Every mistake ends in one ConfigurationError of one sentence that names the key and the remedy.
"""

from pathlib import Path
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError, ModelError
from micronets.published import PUBLISHED, published_architecture
from micronets.runtime import TFLM, options_of
from micronets.schema import closest
from micronets.search.options import SearchOptions
from micronets.search.problem import search_problem
from micronets.tasks import find_task
from micronets.tflm import TflmLibrary

Section = dict[str, Any]


def known_architecture(key: str, name: str, own: Section, boards: tuple[str, ...]) -> Architecture | None:
    """What the model's name or file says; None where it is to be searched."""
    path, published = own.get("architecture", ""), name in PUBLISHED
    if published and "search" in own:
        raise ConfigurationError(f"{key} is a published network and is not searched; remove its search key.")
    if published and path:
        raise ConfigurationError(f"{key} is a published network; give the one in {path} another name.")
    if path and "search" in own:
        raise ConfigurationError(f"{key} has both an architecture and a search; remove one of them.")
    if published:
        return published_architecture(name)
    if path:
        if not Path(path).is_file():
            raise ConfigurationError(f"{key}.architecture: there is no file {path}; correct the path.")
        try:
            return Architecture.load(path)
        except (ModelError, OSError) as error:
            raise ConfigurationError(f"{key}.architecture: {error}") from None
    if "search" not in own:
        raise ConfigurationError(
            f"{key} is no published network ({closest(name, PUBLISHED)}); to have it searched, give it a search key, "
            f"e.g. {name}: {{search: {{board: {boards[0]}}}}}, or an architecture key with a file."
        )
    return None


def check_tflm(key: str, firmware: Section, board: str) -> None:
    """The library of TensorFlow Lite Micro is there."""
    options = options_of(firmware, TFLM)
    try:
        TflmLibrary.find(options["library"], options["include"], find_board(board).core)
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}.{error}") from None


def check_fits(key: str, architecture: Architecture, board_name: str) -> None:
    """Constants and the largest map fit the board's memories."""
    board = find_board(board_name)
    flash_bytes = costs(architecture).flash_bytes
    if flash_bytes > board.budget.flash_bytes:
        raise ConfigurationError(
            f"{key} has {flash_bytes:,} bytes of constants, but {board_name} has {board.budget.flash_bytes:,} bytes "
            f"of flash beside the runtime; give the model a larger board with its boards key."
        )
    largest = max(height * width * channels for height, width, channels in architecture.output_shapes())
    if largest > board.budget.sram_bytes:
        raise ConfigurationError(
            f"{key} has a feature map of {largest:,} bytes, but {board_name} has {board.budget.sram_bytes:,} bytes "
            f"of SRAM beside the runtime; give the model a larger board with its boards key."
        )


def check_outputs(task: str, key: str, architecture: Architecture, data: Section) -> None:
    """As many logits as the task has classes."""
    labels = find_task(task).labels(data)
    if architecture.classes != len(labels):
        raise ConfigurationError(
            f"{key} ends in {architecture.classes} channels, but {task}.data leads to {len(labels)} classes "
            f"({', '.join(labels)}); give its last layer as many."
        )


def check_input(task: str, key: str, architecture: Architecture) -> None:
    """The task can make examples of the network's input shape."""
    try:
        find_task(task).check_input_shape(architecture.input_shape)
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}; choose a network for this task.") from None


def check_search(task: str, key: str, section: Section, data: Section) -> None:
    """The board is known, and some network of the search space fits it."""
    known_board(f"{key}.board", section["board"])
    about = find_task(task)
    try:
        options = SearchOptions.from_section(section)
        shape = options.input_shape or about.input_shape
        about.check_input_shape(shape)
        search_problem(options, shape, len(about.labels(data)))
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def known_board(key: str, name: str) -> None:
    """There is a board of this name."""
    try:
        find_board(name)
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}") from None
