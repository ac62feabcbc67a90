"""The second half of the search stage: the network found in, the one that keeps its budget on the board out."""

import os
from pathlib import Path
from typing import Any

from micronets.architecture import Architecture, Bits
from micronets.atomic import write_json
from micronets.boards import find_board
from micronets.errors import MicronetsError
from micronets.fit.measured import measure
from micronets.fit.rounds import run_rounds
from micronets.fit.targets import Limits
from micronets.fit.widths import choice_of, every_width
from micronets.search.options import SearchOptions
from micronets.search.problem import search_problem
from micronets.stage_file import read_json


def fit_found_network(
    found: str | os.PathLike,
    search: str | os.PathLike,
    directory: str | os.PathLike,
    section: dict[str, Any],
    seed: int,
    *,
    optimise: str,
    weight_bits: Bits,
    activation_bits: Bits = 8,
) -> dict[str, Any]:
    """Measures the network that a search has found on its boards, and changes widths until it keeps its budget on each.

    Writes into `directory`: `fit.json` (every round: widths, figures, shares of the limits; what was changed) and,
    last, `architecture.json`. Returns what is in the former.

    Args:
        found, search: `found.json` and `search.json` of the search.
        section: the `search` section that the search was made by.
        seed: of the random weights.
        optimise: see `micronets.compiler.OPTIMISE`.
        weight_bits, activation_bits: that the network will be trained with, where it does not fix its own.

    Raises:
        ConfigurationError: no network was found that keeps the budget.
        MicronetsError: a file is damaged, or of another search; the network cannot be built.
    """
    options = SearchOptions.from_section(section)
    boards = [find_board(name) for name in options.boards]
    architecture = Architecture.load(found)
    space, budget = search_problem(options, architecture.input_shape, architecture.classes)
    space = every_width(space)
    try:
        decisions = read_json(search, "search")["decisions"]
        choice = space.canonical(choice_of(space, [decision["chosen"] for decision in decisions]))
        if space.architecture(architecture.name, choice) != architecture:
            raise ValueError("its decisions are not those of the network")
    except (ValueError, TypeError) as error:
        raise MicronetsError(
            f"{search} is of another search than {found} ({error}); delete both and search again."
        ) from error
    rounds, kept = run_rounds(
        space,
        budget,
        Limits.of_search(options),
        boards,
        choice,
        architecture.name,
        lambda candidate, board: measure(
            candidate, board, seed, optimise=optimise, weight_bits=weight_bits, activation_bits=activation_bits
        ),
    )
    first, last = rounds[0].to_json(space)["values"], rounds[kept].to_json(space)["values"]
    content = {
        "boards": [board.name for board in boards],
        "optimise": optimise,
        "weight_bits": weight_bits,
        "activation_bits": activation_bits,
        "rounds": [measured.to_json(space) for measured in rounds],
        "kept": kept,
        "changes": [
            {"decision": decision.name, "before": before, "after": after}
            for decision, before, after in zip(space.decisions, first, last, strict=True)
            if before != after
        ],
    }
    directory = Path(directory)
    write_json(directory / "fit.json", content)
    rounds[kept].architecture.save(directory / "architecture.json")
    return content
