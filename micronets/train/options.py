"""How a network is trained: the `train` section of the configuration, typed."""

from dataclasses import dataclass, fields, replace
from typing import Any

from micronets.architecture import Bits


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """How a student learns from its teacher (Hinton et al., arXiv 1503.02531)."""

    weight: float
    """Share of the teacher's part in the loss, 0 to 1."""
    temperature: float
    """Both distributions are softened by it."""
    from_float: bool = False
    """The teacher is the network's own float phase, and what learns from it the quantised one alone."""


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The recipe of one training: a float phase, then a quantisation-aware one that starts from its best epoch."""

    float_epochs: int
    quantised_epochs: int
    batch_size: int
    learning_rate: float
    """Peak of the float phase; AdamW, linear warm-up, then a cosine."""
    quantised_learning_rate: float
    """Peak of the quantised phase."""
    final_learning_rate: float
    """Where both cosines end, as a share of the peak."""
    warmup_epochs: int
    weight_decay: float
    dropout: float
    """Before the classifier."""
    label_smoothing: float
    weight_bits: Bits
    """8, or 4 for packed 4-bit weights, in layers that do not fix their own."""
    activation_bits: Bits = 8
    """8, or 4 for outputs of 16 levels, in layers that can have them and do not fix their own."""
    augmentation: dict[str, Any]
    """As the task understands it."""
    distillation: Distillation

    @classmethod
    def from_section(cls, section: dict[str, Any]) -> "TrainingOptions":
        """From the `train` section of a validated configuration; keys of other users (`teacher`) are left out."""
        known = {field.name for field in fields(cls)}
        values = {key: value for key, value in section.items() if key in known}
        return cls(**{**values, "distillation": Distillation(**section["distillation"])})

    def for_teacher(self, teacher: dict[str, Any]) -> "TrainingOptions":
        """The recipe of the teacher: float only, with the keys of the `train.teacher` section in place of these."""
        known = {field.name for field in fields(type(self))}
        own = {key: value for key, value in teacher.items() if key in known}
        own["augmentation"] = {**self.augmentation, **teacher.get("augmentation", {})}
        return replace(self, quantised_epochs=0, **own)
