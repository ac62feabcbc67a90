"""How a network is searched: the `search` section of the configuration, typed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from micronets.architecture import Bits, Shape
from micronets.errors import ConfigurationError
from micronets.search.backbones import Backbone, read_backbone


@dataclass(frozen=True, kw_only=True)
class ArchitectureOptions:
    """How the decisions are learnt."""

    share: float
    """Part of the training split that they are learnt on; the weights are learnt on the rest. 0 to 1."""
    learning_rate: float
    """Of the logits; Adam, from here down a cosine to 0."""
    penalty: float
    """Loss for exceeding one target by 100 %."""
    first_temperature: float
    last_temperature: float
    """Of the Gumbel-softmax; exponential over the epochs after the warm-up."""
    samples: int = 100
    """Networks drawn from the learnt decisions, of which the best by their scores is taken; at least 1."""


@dataclass(frozen=True, kw_only=True)
class EvolutionOptions:
    """How one-shot search trains the shared weights, and how it looks for a network with them."""

    networks_per_step: int = 3
    """Drawn at random for every training step, besides the widest that fits; at least 1."""
    population: int = 16
    """Networks scored in every generation."""
    parents: int = 6
    """Of the best so far, that the next generation is made of."""
    generations: int = 3
    examples: int = 512
    """Held back from the training split, that networks are scored on."""


@dataclass(frozen=True, kw_only=True)
class HalvingOptions:
    """How the last networks are told apart: trained alone, the worse half leaving after every rung."""

    networks: int = 4
    """That begin; at least 2."""
    epochs: int = 4
    """Of every rung."""

    @property
    def network_epochs(self) -> int:
        """Epochs of all networks together."""
        alive, total = self.networks, 0
        while alive > 1:
            total += alive * self.epochs
            alive = math.ceil(alive / 2)
        return total


PHASES = ("dnas", "evolution", "random", "halving")
"""What a strategy may consist of, in their order.

`dnas`: shared weights and decisions learnt by gradients, then the best of the networks drawn from the decisions.
`evolution`: shared weights of networks that fit, unless they are learnt already, and evolution among these.
`random`: any networks that use the budget. `halving`: the best so far trained alone, fewer and fewer.
"""


def read_strategy(value: str | Sequence[str]) -> tuple[str, ...]:
    """The phases that `search.strategy` names; raises ConfigurationError where they do not make a search."""
    phases = (value,) if isinstance(value, str) else tuple(value)
    in_order = phases == tuple(phase for phase in PHASES if phase in phases)
    if not in_order or phases in ((), ("halving",)) or ("random" in phases and phases[0] != "random"):
        raise ConfigurationError(
            f"search.strategy is {list(phases)}, but must be dnas, evolution or both in this order, or random alone, "
            "and may end in halving."
        )
    return phases


def epochs_of_search(section: Mapping[str, Any]) -> int:
    """How many epochs of shared weights take as long as all phases of a `search` section; an epoch of one network takes
    half as long as one of these."""
    phases = read_strategy(section.get("strategy", "dnas"))
    learns = {"dnas", "evolution"} & {*phases} and not section.get("share_weights")
    shared = section["epochs"] if learns else 0
    alone = HalvingOptions(**section.get("halving", {})).network_epochs if "halving" in phases else 0
    return shared + math.ceil(alone / 2)


def read_boards(value: str | Sequence[str]) -> tuple[str, ...]:
    """The boards that `search.board` names: one, or several that one network has to run on."""
    return (value,) if isinstance(value, str) else tuple(value)


@dataclass(frozen=True, kw_only=True)
class BudgetOptions:
    """What the network may take of every board, besides what the board has; 0: as much as there is."""

    flash_bytes: int = 0
    sram_bytes: int = 0
    latency_ms: float = 0.0
    """Of one inference, by the table of the board's layer costs."""
    energy_mj: float = 0.0
    """Of one inference: latency times the board's power while computing."""


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """The recipe of one search."""

    strategy: tuple[str, ...] = ("dnas",)
    """Of `PHASES`."""
    share_weights: bool = False
    """Whether searches that differ in their budgets alone learn their shared weights once, for all of them."""
    evolution: EvolutionOptions = EvolutionOptions()
    halving: HalvingOptions = HalvingOptions()
    boards: tuple[str, ...]
    """Names in `micronets/boards.yaml`; what their memories leave, less what they reserve, is the budget on each."""
    max_mops: float
    """Greatest number of operations in millions (2 x MACs, real map sizes); 0: any."""
    budget: BudgetOptions = BudgetOptions()
    backbone: Backbone
    weight_bits: tuple[Bits, ...] = (8,)
    activation_bits: tuple[Bits, ...] = (8,)
    """To choose from, layer by layer, in rising order; 8 alone leaves them to the training."""
    input_shape: Shape | None = None
    """(height, width, channels) of one example; None: the task's own."""
    epochs: int
    """In all, with the warm-up."""
    warmup_epochs: int
    batch_size: int
    learning_rate: float
    """Of the weights; AdamW, from here down a cosine."""
    final_learning_rate: float
    """Where the cosine ends, as a share of `learning_rate`."""
    weight_decay: float
    architecture: ArchitectureOptions
    augmentation: Mapping[str, Any] = field(default_factory=dict)
    """As the task understands it."""

    @classmethod
    def from_section(cls, section: Mapping[str, Any]) -> "SearchOptions":
        """From the `search` section of a validated configuration.

        Raises ConfigurationError where the backbone lacks a key, the strategy is none, or it cannot decide on bits or
        share its weights.
        """
        known = {entry.name for entry in fields(cls)}
        values = {key: value for key, value in section.items() if key in known}
        strategy = read_strategy(section.get("strategy", "dnas"))
        if section.get("share_weights") and strategy[0] != "evolution":
            raise ConfigurationError(
                f"search.share_weights is true, but search.strategy begins with {strategy[0]}; set it to evolution or "
                "[evolution, halving], or remove share_weights."
            )
        bits = {key: tuple(sorted(section.get(key, [8]))) for key in ("weight_bits", "activation_bits")}
        if "dnas" in strategy and max(map(len, bits.values())) > 1:
            raise ConfigurationError(
                "search.weight_bits and search.activation_bits leave a choice, but dnas decides on widths and depths "
                "alone; set search.strategy to evolution or random, or give a single number of bits."
            )
        return cls(
            **{
                **values,
                "input_shape": tuple(section["input_shape"]) if section.get("input_shape") else None,
                "backbone": read_backbone(section["backbone"]),
                "boards": read_boards(section["board"]),
                "architecture": ArchitectureOptions(**section["architecture"]),
                "budget": BudgetOptions(**section.get("budget", {})),
                "evolution": EvolutionOptions(**section.get("evolution", {})),
                "halving": HalvingOptions(**section.get("halving", {})),
                "strategy": strategy,
                **bits,
            }
        )
