"""How a network is searched: the `search` section of the configuration, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from micronets.architecture import Shape
from micronets.errors import ConfigurationError
from micronets.search.space import DsCnnSpace


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """The widest and deepest network of the search space."""

    channels: int
    """Of the stem and of every block; a multiple of 4."""
    blocks: int
    strided: tuple[int, ...] = (1,)
    """Numbers, from 1, of the blocks that downsample by 2."""
    stem_kernel: tuple[int, int] = (10, 4)
    """(height, width)."""
    width_steps: int = 10
    """Widths to choose from, from 1/width_steps of the channels to all of them."""

    def space(self, input_shape: Shape, classes: int) -> DsCnnSpace:
        """Raises ConfigurationError where the channels are no multiple of 4 or a strided block is none of them."""
        if not set(self.strided) <= set(range(1, self.blocks + 1)):
            raise ConfigurationError(
                f"search.backbone.strided is {list(self.strided)}, but there are the blocks 1 to {self.blocks}."
            )
        strides = tuple((2, 2) if number in self.strided else (1, 1) for number in range(1, self.blocks + 1))
        return DsCnnSpace(input_shape, classes, self.channels, strides, tuple(self.stem_kernel), self.width_steps)


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


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """The recipe of one search: weights alone while warming up, then weights and decisions in turns."""

    board: str
    """Name in `config/boards.yaml`; its memories less the runtime's are the budget."""
    max_mops: float
    """Greatest number of operations in millions (2 x MACs, real map sizes); 0: any."""
    backbone: Backbone
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
        """From the `search` section of a validated configuration."""
        known = {entry.name for entry in fields(cls)}
        values = {key: value for key, value in section.items() if key in known}
        return cls(
            **{
                **values,
                "input_shape": tuple(section["input_shape"]) if section.get("input_shape") else None,
                "backbone": Backbone(**{**section["backbone"], **_tuples(section["backbone"])}),
                "architecture": ArchitectureOptions(**section["architecture"]),
            }
        )


def _tuples(backbone: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(backbone[name]) for name in ("strided", "stem_kernel") if name in backbone}
