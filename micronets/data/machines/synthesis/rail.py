"""Sliding machines: a carriage that a motor moves to and fro on a rail."""

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


@dataclass(frozen=True)
class RailSpecimen:
    """Duration of a stroke and share of it at rest, pitch and overtones of the motor at full speed, colour of the
    friction, balls that pass in a stroke, and how the end stops ring."""

    stroke_s: float
    rest_share: float
    whine_hz: float
    overtones: np.ndarray
    friction_hz: np.ndarray
    friction_gains: np.ndarray
    balls: int
    stop_hz: np.ndarray


class Rail:
    """See `Machine`.

    dry       the carriage squeals at speed
    notch     a knock at one place of the rail
    slack     strokes of uneven length, and a second blow at the stops
    straining the motor is slower, deeper and louder
    """

    name = "rail"
    faults: tuple[str, ...] = ("dry", "notch", "slack", "straining")

    def specimen(self, generator: np.random.Generator) -> RailSpecimen:
        """See `Machine`."""
        return RailSpecimen(
            stroke_s=generator.uniform(0.7, 1.2),
            rest_share=generator.uniform(0.1, 0.3),
            whine_hz=generator.uniform(350, 900),
            overtones=np.exp(-0.4 * np.arange(6) + 0.5 * generator.normal(size=6)),
            friction_hz=np.exp(generator.uniform(np.log(500), np.log(6000), 4)),
            friction_gains=np.exp(0.5 * generator.normal(size=4)),
            balls=int(generator.integers(15, 40)),
            stop_hz=generator.uniform(120, 900, 3),
        )

    def sound(
        self, specimen: RailSpecimen, fault: str, severity: float, samples: int, generator: np.random.Generator
    ) -> np.ndarray:
        """See `Machine`."""
        of_fault = generator.spawn(1)[0]
        pace = 1 + 0.02 * generator.normal()
        uneven = 0.02 + (0.25 * severity if fault == "slack" else 0)
        slower = 0.18 * severity if fault == "straining" else 0.0
        starts = _starts(specimen.stroke_s * pace * (1 + slower), uneven, samples, generator)
        place, speed, stops = _motion(starts, specimen.rest_share, samples)
        pitch_hz = specimen.whine_hz * pace * (1 - slower) * speed * (1 + 0.005 * wander(samples, 2, generator))
        phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
        orders = np.arange(1, len(specimen.overtones) + 1)
        whine = sum(height * np.sin(order * phase) for order, height in zip(orders, specimen.overtones, strict=True))
        whine = normalised(speed * whine) * (1 + (1.5 * severity if fault == "straining" else 0.0))
        hiss = coloured_noise(samples, 1, generator)
        friction = normalised(speed * resonances(hiss, specimen.friction_hz, 2, specimen.friction_gains))
        passing = resonances(impulses(specimen.balls * place, generator), specimen.friction_hz[:2], 8, np.ones(2))
        blows = np.zeros(samples)
        blows[stops] = 1 + 0.2 * generator.normal(size=len(stops))
        if fault == "slack":
            late = np.minimum(stops + int(of_fault.uniform(0.04, 0.07) * SAMPLE_RATE_HZ), samples - 1)
            blows[late] += 0.8 * severity
        bangs = normalised(resonances(blows, specimen.stop_hz, 15, np.ones(3)))
        sound = normalised(0.8 * whine + friction + 0.5 * normalised(passing) + 0.7 * bangs)
        sound *= 1 + 0.1 * wander(samples, 0.4, generator)
        if fault == "dry":
            pitch_hz = of_fault.uniform(1400, 2400) * (1 + 0.02 * wander(samples, 3, of_fault))
            turns = np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
            tones = sum(np.sin(2 * np.pi * order * turns) / order for order in (1, 2, 3))
            sound += 0.8 * severity * normalised(np.clip(speed - 0.5, 0, None) * tones)
        if fault == "notch":
            knocks = impulses(place + of_fault.uniform(0.3, 0.7), of_fault)
            rung = resonances(knocks, of_fault.uniform(700, 3000, 2), 10, np.ones(2))
            sound += 1.2 * severity * normalised(rung)
        return sound


def _starts(stroke_s: float, uneven: float, samples: int, generator: np.random.Generator) -> np.ndarray:
    """The samples at which strokes begin, from before the clip to beyond its end."""
    stroke = stroke_s * SAMPLE_RATE_HZ
    count = int(samples / (stroke * 0.4)) + 3
    lengths = stroke * np.clip(1 + uneven * generator.normal(size=count), 0.5, 1.6)
    return (np.cumsum(lengths) - lengths[0] * (1 + generator.random())).astype(int)


def _motion(starts: np.ndarray, rest_share: float, samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Way in strokes (samples,), which only grows; speed as a share of the greatest (samples,); and the samples at
    which the carriage reaches a stop.

    A stroke speeds up for a quarter of its time, keeps its speed, and slows down for another quarter.
    """
    time = np.arange(samples)
    stroke = np.searchsorted(starts, time, side="right") - 1
    length = np.diff(starts)[stroke]
    share = (time - starts[stroke]) / length / (1 - rest_share)
    speed = np.clip(np.minimum(share, 1 - share) * 4, 0, 1)
    covered = np.cumsum(speed / (0.75 * length * (1 - rest_share)))
    ends = starts[:-1] + (np.diff(starts) * (1 - rest_share)).astype(int)
    return covered, speed, ends[(ends >= 0) & (ends < samples)]
