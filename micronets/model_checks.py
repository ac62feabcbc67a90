"""What has to hold for each configured model before any job starts: its layers, its input, its boards.

Every mistake ends in one ConfigurationError of one sentence that names the key and the remedy.
"""

from collections.abc import Collection
from itertools import combinations
from math import prod
from pathlib import Path
from typing import Any

from micronets.architecture import Architecture, as_shape
from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import ConfigurationError, ModelError
from micronets.published import PUBLISHED, published_architecture
from micronets.runtime import TFLM, options_of
from micronets.schema import closest
from micronets.search.options import SearchOptions, read_boards
from micronets.search.problem import search_problem
from micronets.tasks import find_task

Section = dict[str, Any]


def published_network(name: str, own: Section) -> str:
    """The published network that a model is, by its own name or by the one under `architecture`; empty: none."""
    named = own.get("architecture", "")
    return name if name in PUBLISHED else named if named in PUBLISHED else ""


def known_architecture(key: str, name: str, own: Section, boards: tuple[str, ...]) -> Architecture | None:
    """What the model's name or file says; None where it is to be searched, or is a .tflite file."""
    path, published = own.get("architecture", ""), name in PUBLISHED
    if "tflite" in own:
        _check_trained_elsewhere(key, own, published)
        return None
    if "evaluate" in own:
        raise ConfigurationError(
            f"{key}.evaluate is for a network that is a .tflite file; add a tflite key, or remove it."
        )
    if published and "search" in own:
        raise ConfigurationError(f"{key} is a published network and is not searched; remove its search key.")
    if published and path:
        raise ConfigurationError(f"{key} is a published network; give the one in {path} another name.")
    if path in PUBLISHED and "search" not in own:
        return published_architecture(path)
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
            f"e.g. {name}: {{search: {{board: {boards[0]}}}}}, or an architecture or tflite key with a file."
        )
    return None


def _check_trained_elsewhere(key: str, own: Section, published: bool) -> None:
    if published:
        raise ConfigurationError(f"{key} is a published network; give the one in {own['tflite']} another name.")
    for other in ("architecture", "search", "train", "export"):
        if other in own:
            raise ConfigurationError(
                f"{key} is the .tflite file {own['tflite']}, which is neither searched nor trained; remove {other}."
            )


def check_tflm(key: str, firmware: Section, board: str) -> None:
    """The library of TensorFlow Lite Micro is there."""
    # Imported here, as below: every job reads the configuration, and the compiler takes 0.25 s to import.
    from micronets.tflm import TflmLibrary

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
    maps = zip(architecture.output_shapes(), architecture.activation_bits(), strict=True)
    largest = max(-(-prod(shape) * bits // 8) for shape, bits in maps)
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


def check_classes(task: str, key: str, data: Section) -> None:
    """A network that tells classes apart needs two of them."""
    labels = find_task(task).labels(data)
    if len(labels) > 1:
        return
    remedies = ["add data of another"]
    others = [name for name in PUBLISHED if _reconstructs_input_of(task, name)]
    if others:
        remedies.append(f"choose an autoencoder, which learns without classes: {', '.join(others)}")
    raise ConfigurationError(
        f"{key} learns to tell classes apart, but {task}.data leads to one alone, {labels[0]}; "
        f"{', or '.join(remedies)}."
    )


def check_input(task: str, key: str, architecture: Architecture) -> None:
    """The task can make examples of the network's input shape."""
    try:
        find_task(task).check_input_shape(architecture.input_shape)
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}; choose a network for this task.") from None


def check_search(task: str, key: str, section: Section, data: Section) -> None:
    """The boards are known, and some network of the search space fits them."""
    for board in read_boards(section["board"]):
        known_board(f"{key}.board", board)
    about = find_task(task)
    try:
        options = SearchOptions.from_section(section)
        shape = options.input_shape or about.input_shape
        about.check_input_shape(shape)
        search_problem(options, shape, len(about.labels(data)))
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def check_names(searched: Collection[str], given: Collection[str], trained_elsewhere: Collection[str]) -> None:
    """A name says in every task where the network comes from, since the workflow's rules go by names."""
    for one, other in combinations((set(searched), set(given), set(trained_elsewhere)), 2):
        for name in one & other:
            raise ConfigurationError(
                f"models: {name} is searched or trained for one task and a file for another; rename one of them."
            )


def check_tflite(task: str, key: str, path: str, evaluate: Section, data: Section) -> None:
    """The compiler takes the file, the task can make examples of its input, and it has an output for every class."""
    from micronets.compiler.reader import read_graph

    if not Path(path).is_file():
        raise ConfigurationError(f"{key}.tflite: there is no file {path}; correct the path.")
    try:
        graph = read_graph(Path(path))
        ends = [[graph.tensors[index] for index in indices] for indices in (graph.inputs, graph.outputs)]
        for name, tensors in zip(("input", "output"), ends, strict=True):
            if len(tensors) != 1:
                raise ModelError(f"{path} has {len(tensors)} {name}s; a task's networks have one")
            if tensors[0].dtype != "int8" or tensors[0].quantisation is None:
                raise ModelError(f"{path} has an {name} of {tensors[0].dtype}; convert it with {name}s of int8")
        (source,), (sink,) = ends
        shape = tuple(evaluate["input_shape"]) or as_shape(source.shape[1:])
        find_task(task).check_input_shape(shape)
    except (ModelError, ConfigurationError) as error:
        raise ConfigurationError(f"{key}.tflite: {error}".rstrip(".") + ".") from None
    values = prod(shape)
    if values != source.elements:
        raise ConfigurationError(
            f"{key}.evaluate.input_shape is {list(shape)}, but {path} reads {source.elements} values; correct it."
        )
    labels = tuple(evaluate["labels"]) or find_task(task).labels(data)
    if sink.elements not in (len(labels), values):
        raise ConfigurationError(
            f"{key}.tflite: {path} has {sink.elements} outputs, but there are {len(labels)} classes "
            f"({', '.join(labels)}); name its own, in order, in {key}.evaluate.labels."
        )


def known_board(key: str, name: str) -> None:
    """There is a board of this name."""
    try:
        find_board(name)
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def _reconstructs_input_of(task: str, name: str) -> bool:
    architecture = published_architecture(name)
    try:
        find_task(task).check_input_shape(architecture.input_shape)
    except ConfigurationError:
        return False
    return architecture.reconstructs
