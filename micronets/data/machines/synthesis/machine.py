"""What the generated machines have in common: a way of sounding, and ways of failing."""

from typing import Any, Protocol

import numpy as np

SAMPLE_RATE_HZ = 16000


class Machine(Protocol):
    """A kind of machine, of which every id is a specimen.

    Attributes:
        name: in the layout.
        faults: names of what can be wrong with it.
    """

    name: str
    faults: tuple[str, ...]

    def specimen(self, generator: np.random.Generator) -> Any:
        """What tells one id from another."""
        ...

    def sound(
        self, specimen: Any, fault: str, severity: float, samples: int, generator: np.random.Generator
    ) -> np.ndarray:
        """One clip, float64 (samples,), of any level. The same generator gives the same clip but for the fault.

        Args:
            fault: one of `faults`, or empty: the machine is normal.
            severity: from 0, as good as normal, to 1, obvious.
        """
        ...
