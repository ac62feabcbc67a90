"""From a folder to a configuration that the workflow takes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from micronets.boards import find_board
from micronets.configuration import resolve
from micronets.errors import ConfigurationError, DataError
from micronets.proposal import images, machines, speech
from micronets.proposal.commented_yaml import Line, render
from micronets.proposal.look import Look, heard

_EMULATED_INPUTS = 20
_GENERAL = {
    "boards_file": "",
    "seed": 1,
    "results": "results",
    "model": "",
    "task": "",
    "characterise": {"boards": ["nucleo-f446re"], "backbones": ["kws"], "networks": 3, "optimise": "balanced"},
    "mlflow": {"store": ""},
}
"""What else a run needs, which any value will do for."""


@dataclass(frozen=True)
class Proposal:
    """What was found in a folder, and the text of a configuration file for it.

    Attributes:
        found: sentences, one a line.
    """

    found: tuple[str, ...]
    configuration: str


def propose(task: str, root: Path, board: str, *, keywords: tuple[str, ...] = (), category: str = "") -> Proposal:
    """Looks at a folder with the readers of the data stage, and makes a configuration that `resolve` accepts.

    Args:
        root: the folder, as it is to stand in the configuration.
        keywords: of kws: words to spot; see `speech.look`.
        category: of vww: of COCO's, what is looked for; empty: person.

    Raises:
        DataError: no such folder, or nothing can be learnt from what is in it; the sentence gives the counts.
        ConfigurationError: an unknown task or board, or an option that is another task's.
    """
    looks: dict[str, Callable[[], Look]] = {
        "kws": lambda: speech.look(root, keywords),
        "vww": lambda: images.look_at_wake_words(root, category or "person"),
        "ad": lambda: machines.look(root),
        "ic": lambda: images.look_at_classes(root),
    }
    if task not in looks:
        raise ConfigurationError(f"there is no first configuration for {task!r}, only for {', '.join(looks)}")
    for name, given, owner in (("keywords", keywords, "kws"), ("category", category, "vww")):
        if given and task != owner:
            raise ConfigurationError(f"--{name} is for {owner}, not for {task}; leave it out")
    find_board(board)
    _check_folder(root)
    look = looks[task]()
    lines = [
        Line("tasks", [task]),
        Line("boards", [board], "what the firmware is built for; micronets boards lists others"),
        Line(task, _sections(look)),
    ]
    text = f"# Made by micronets init {task}. What else may be said here: micronets/tasks/{task}.yaml.\n{render(lines)}"
    with heard(logging.ERROR):  # what there is to say of the data has been said
        resolve({**_GENERAL, **yaml.safe_load(text)})
    return Proposal(look.found, text)


def _sections(look: Look) -> tuple[Line, ...]:
    inputs = {"inputs": _EMULATED_INPUTS}
    profile = Line("profile", inputs, "of the testing split, run on the emulated board and compared with TFLM")
    train = (Line("train", look.train),) if look.train else ()
    return (Line("models", look.models), Line("data", look.data), *train, profile, *look.further)


def _check_folder(root: Path) -> None:
    if root.is_file():
        raise DataError(f"{root} is a file; give the folder that holds the data")
    if not root.is_dir():
        raise DataError(f"there is no folder {root}; give the folder that holds the data")
    if not str(root).isprintable():
        raise DataError("the folder's name is no text in UTF-8, which no configuration can hold; rename it")
