"""Writes recordings of generated machines in the layout of DCASE 2020's task 2."""

import logging
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from micronets.data.machines.synthesis.acoustics import coloured_noise, normalised, resonances
from micronets.data.machines.synthesis.machine import SAMPLE_RATE_HZ, Machine
from micronets.data.machines.synthesis.rail import Rail
from micronets.data.machines.synthesis.rotor import Rotor
from micronets.data.options import require
from micronets.data.wave_file import write_wave
from micronets.progress import track

logger = logging.getLogger(__name__)

MACHINES: tuple[Machine, ...] = (Rotor(), Rail())
_LEVEL = 0.01  # RMS of a clip, of full scale: as loud as the recordings of MIMII
_HUM_HZ = np.arange(50.0, 400.0, 50.0)


@dataclass(frozen=True)
class GeneratedOptions:
    """The section `data.generated` of the configuration.

    Attributes:
        ids: specimens of each machine.
        training_clips: of each id, all normal.
        testing_clips: of each id, normal ones, and as many anomalous.
        clip_s: duration of a clip.
        signal_to_noise_db: mean power of the machine over that of the hall around it; single clips differ by 2 dB.
        severity: of the slightest faults; the gravest have 1.
    """

    ids: int = 3
    training_clips: int = 20
    testing_clips: int = 12
    clip_s: float = 6.0
    signal_to_noise_db: float = 6.0
    severity: float = 0.3

    def __post_init__(self) -> None:
        require(2 <= self.ids <= 50, "data.generated.ids", self.ids, "between 2 and 50")
        for name in ("training_clips", "testing_clips"):
            value = getattr(self, name)
            require(value >= 2, f"data.generated.{name}", value, "2 or more")
        require(2.5 <= self.clip_s <= 60, "data.generated.clip_s", self.clip_s, "between 2.5 and 60 seconds")
        require(0 < self.severity <= 1, "data.generated.severity", self.severity, "above 0, at most 1")


@dataclass(frozen=True)
class _Clip:
    """What is recorded; `number` counts the clips of an id, `fault` is empty for a normal one."""

    machine: int
    identity: int
    number: int
    path: str
    fault: str
    severity: float


def generate_machines(options: GeneratedOptions, root: Path, seed: int, processes: int) -> None:
    """Records the machines into `root`: the same clips for the same options and seed.

    `faults.csv` says what is wrong in which clip.

    Args:
        processes: side by side; they do not change the result.
    """
    clips = _planned(options, seed)
    for folder in {Path(clip.path).parent for clip in clips}:
        (root / folder).mkdir(parents=True)
    faults = [(clip.path, clip.fault, round(clip.severity, 3)) for clip in clips if clip.fault]
    pd.DataFrame(faults, columns=["path", "fault", "severity"]).to_csv(root / "faults.csv", index=False)
    work = (joblib.delayed(_record)(root, clip, options, seed) for clip in clips)
    done = joblib.Parallel(n_jobs=processes, return_as="generator")(work)
    for _ in track(done, logger, "clips generated", len(clips)):
        pass


def identity_name(identity: int) -> str:
    """How a specimen is called: 00, 02, 04 and so on, as in MIMII."""
    return f"{2 * identity:02d}"


def _planned(options: GeneratedOptions, seed: int) -> list[_Clip]:
    clips = []
    for index, machine in enumerate(MACHINES):
        for identity in range(options.ids):
            generator = np.random.default_rng([seed, 0xFA, index, identity])
            parts = [("train", "normal", options.training_clips), ("test", "normal", options.testing_clips)]
            number = 0
            for part, kind, count in [*parts, ("test", "anomaly", options.testing_clips)]:
                for place in range(count):
                    fault, severity = "", 0.0
                    if kind == "anomaly":
                        fault = machine.faults[place % len(machine.faults)]
                        severity = generator.uniform(options.severity, 1.0)
                    path = f"{machine.name}/{part}/{kind}_id_{identity_name(identity)}_{place:08d}.wav"
                    clips.append(_Clip(index, identity, number, path, fault, severity))
                    number += 1
    return clips


def _record(root: Path, clip: _Clip, options: GeneratedOptions, seed: int) -> None:
    machine, samples = MACHINES[clip.machine], round(options.clip_s * SAMPLE_RATE_HZ)
    specimen = machine.specimen(np.random.default_rng([seed, 0x1D, clip.machine, clip.identity]))
    generator = np.random.default_rng([seed, 0xC1, clip.machine, clip.identity, clip.number])
    sound = normalised(machine.sound(specimen, clip.fault, clip.severity, samples, generator))
    distance = 10 ** (-(options.signal_to_noise_db + 2 * generator.normal()) / 20)
    heard = sound + distance * _hall(samples, generator)
    level = _LEVEL * 10 ** (1.5 * generator.normal() / 20)
    whole = np.clip(np.rint(32768 * level * normalised(heard)), -32768, 32767).astype(np.int16)
    write_wave(root / clip.path, whole, SAMPLE_RATE_HZ)


def _hall(samples: int, generator: np.random.Generator) -> np.ndarray:
    """A factory hall of RMS 1: broadband noise, the mains' hum, and what is dropped or struck somewhere."""
    noise = coloured_noise(samples, generator.uniform(2.5, 4.5), generator)
    time_s = np.arange(samples) / SAMPLE_RATE_HZ
    tones = (generator.random() * np.sin(2 * np.pi * (hz * time_s + generator.random())) for hz in _HUM_HZ)
    hum = sum(tones, start=np.zeros(samples))
    struck = np.zeros(samples)
    struck[generator.integers(0, samples, generator.poisson(0.3 * samples / SAMPLE_RATE_HZ))] = 1
    rung = resonances(struck, generator.uniform(300, 3000, 3), 20, np.ones(3))
    return normalised(noise + 0.3 * normalised(hum) + 0.4 * normalised(rung))
