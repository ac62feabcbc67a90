"""Rotating machines: a shaft with blades in a casing, as fans and pumps are."""

from dataclasses import dataclass

import numpy as np

from micronets.data.machines.synthesis.acoustics import (
    coloured_noise,
    impulses,
    normalised,
    resonances,
    wander,
)
from micronets.data.machines.synthesis.machine import SAMPLE_RATE_HZ

_HARMONICS = 30
_BEARING_ORDER = 3.57  # impacts per turn: never a whole number, as of balls in a race


@dataclass(frozen=True)
class RotorSpecimen:
    """Speed and blades, the strength of every harmonic of the shaft, the casing's resonances, and the flow's colour."""

    speed_hz: float
    blades: int
    harmonics: np.ndarray
    casing_hz: np.ndarray
    casing_gains: np.ndarray
    flow_db_per_octave: float
    flow_level: float


class Rotor:
    """See `Machine`.

    unbalanced   the shaft's own frequency stands out and modulates everything
    bearing      impacts ring at high frequencies, stronger and weaker within a turn
    rubbing      noise in a part of every turn
    hunting      the speed rises and falls
    """

    name = "rotor"
    faults: tuple[str, ...] = ("unbalanced", "bearing", "rubbing", "hunting")

    def specimen(self, generator: np.random.Generator) -> RotorSpecimen:
        """See `Machine`."""
        decay = generator.uniform(0.75, 0.9)
        strength = decay ** np.arange(_HARMONICS) * np.exp(0.6 * generator.normal(size=_HARMONICS))
        return RotorSpecimen(
            speed_hz=generator.uniform(22, 40),
            blades=int(generator.integers(4, 9)),
            harmonics=strength,
            casing_hz=np.exp(generator.uniform(np.log(250), np.log(5500), 4)),
            casing_gains=np.exp(0.5 * generator.normal(size=4)),
            flow_db_per_octave=generator.uniform(2, 5),
            flow_level=generator.uniform(0.5, 1.0),
        )

    def sound(
        self, specimen: RotorSpecimen, fault: str, severity: float, samples: int, generator: np.random.Generator
    ) -> np.ndarray:
        """See `Machine`."""
        of_fault = generator.spawn(1)[0]
        drift = 0.01 * generator.normal() + 0.002 * wander(samples, 0.5, generator)
        if fault == "hunting":
            swing_hz = of_fault.uniform(0.5, 1.5)
            time_s = np.arange(samples) / SAMPLE_RATE_HZ
            drift = drift + 0.09 * severity * np.sin(2 * np.pi * (swing_hz * time_s + of_fault.random()))
        phase = generator.random() + np.cumsum(specimen.speed_hz * (1 + drift)) / SAMPLE_RATE_HZ
        strength = specimen.harmonics * np.exp(0.12 * generator.normal(size=_HARMONICS))
        if fault == "unbalanced":
            strength[:2] *= 1 + 7 * severity
        turn = np.exp(2j * np.pi * phase)
        shaft, power = np.zeros(samples), np.ones(samples, complex)
        for height, start in zip(strength, generator.uniform(0, 2 * np.pi, _HARMONICS), strict=True):
            power *= turn
            shaft += height * (power * np.exp(1j * start)).real
        blades = 1 + 0.5 * np.cos(2 * np.pi * specimen.blades * phase)
        flow = coloured_noise(samples, specimen.flow_db_per_octave, generator)
        sound = normalised(shaft) + specimen.flow_level * blades * flow
        sound = normalised(sound + resonances(sound, specimen.casing_hz, 6, specimen.casing_gains))
        sound *= 1 + 0.1 * wander(samples, 0.4, generator)
        if fault == "unbalanced":
            sound *= 1 + 0.5 * severity * np.cos(2 * np.pi * phase)
        if fault == "bearing":
            struck = impulses(_BEARING_ORDER * phase, of_fault) * (1 + 0.5 * np.cos(2 * np.pi * phase))
            ringing = resonances(struck, np.array([of_fault.uniform(2800, 4800)]), 12, np.ones(1))
            sound += 0.9 * severity * normalised(ringing)
        if fault == "rubbing":
            touching = np.clip(np.cos(2 * np.pi * phase) - 0.4, 0, None)
            sound += 0.9 * severity * normalised(touching * coloured_noise(samples, 0, of_fault))
        return sound
