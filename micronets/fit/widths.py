"""Networks made narrower or wider, four channels at a time, by what they are expected to cost."""

import math
from collections.abc import Sequence
from dataclasses import replace

from micronets.search.budget import Budget
from micronets.search.space import CHANNEL_MULTIPLE, Choice, SearchSpace, is_depth


def every_width(space: SearchSpace) -> SearchSpace:
    """The same space with every multiple of four as a width, up to the backbone's."""
    widest = max(decision.options[-1] for decision in space.decisions)
    return replace(space, width_steps=max(widest // CHANNEL_MULTIPLE, 1))


def choice_of(space: SearchSpace, values: Sequence[int]) -> Choice:
    """The choice that takes these options; raises ValueError where one is none of the space."""
    return tuple(d.options.index(value) for d, value in zip(space.decisions, values, strict=True))


def narrowed(space: SearchSpace, budget: Budget, choice: Choice) -> Choice:
    """The network with the cheapest changes that keeps `budget` by the expected costs.

    Of all layers the one is narrowed next where that saves most of what is above the budget for the relative width that
    it costs; where no single one saves anything, the one that is widest against its backbone; blocks are skipped last.
    Where nothing is left to change, the network does not keep the budget.
    """
    excess = _excess(space, budget, choice)
    while excess > 0:
        steps = []
        for place, decision in enumerate(space.decisions):
            if choice[place] == 0:
                continue
            cheaper = _moved(space, choice, place, -1)
            left = _excess(space, budget, cheaper)
            if is_depth(decision):
                worth = (0.0, 0.0)
            else:
                lost = _log_ratio(decision.options, choice[place])
                worth = (max(excess - left, 0.0) / lost, choice[place] / len(decision.options))
            steps.append((*worth, -place, left, cheaper))
        if not steps:
            break
        *_, excess, choice = max(step for step in steps)
    return choice


def widened(space: SearchSpace, budget: Budget, choice: Choice) -> Choice:
    """The widest network that keeps `budget` by the expected costs, every layer by about the same factor.

    Always the layer is widened next that has grown least by then; one that no longer can is left as it is.
    """
    first, open_places = choice, {place for place, decision in enumerate(space.decisions) if not is_depth(decision)}
    while open_places:
        place = min(open_places, key=lambda place: (_growth(space, first, choice, place), place))
        if choice[place] + 1 == len(space.decisions[place].options):
            open_places.discard(place)
            continue
        wider = _moved(space, choice, place, 1)
        if wider != choice and _excess(space, budget, wider) == 0:
            choice = wider
        else:
            open_places.discard(place)
    return choice


def _growth(space: SearchSpace, first: Choice, choice: Choice, place: int) -> float:
    options = space.decisions[place].options
    return options[choice[place]] / options[first[place]]


def _log_ratio(options: Sequence[int], index: int) -> float:
    return math.log(options[index] / options[index - 1])


def _moved(space: SearchSpace, choice: Choice, place: int, by: int) -> Choice:
    return space.canonical((*choice[:place], choice[place] + by, *choice[place + 1 :]))


def _excess(space: SearchSpace, budget: Budget, choice: Choice) -> float:
    return budget.excess(space.architecture("candidate", choice))
