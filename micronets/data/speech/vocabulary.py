"""Which words are told apart, and what every other word is."""

from dataclasses import dataclass

SILENCE, UNKNOWN = "_silence_", "_unknown_"
TEN_WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
"""In the order of the released MicroNets."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of a task.

    Attributes:
        keywords: that are told apart, in the order of the classes.
        has_unknown: whether there is a class for other words.
    """

    keywords: tuple[str, ...]
    has_unknown: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""
        return (*self.keywords, SILENCE, *((UNKNOWN,) if self.has_unknown else ()))

    def label(self, word: str) -> str:
        """The class of a word."""
        return word if word in self.keywords else UNKNOWN
