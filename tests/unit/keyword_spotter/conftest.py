"""A keyword spotter that is built in a second: a small network behind features that only pick samples."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from micronets.boards import Board, find_board
from micronets.compiler import compile_network
from micronets.device_features.sound import FeatureSources
from micronets.export.writer import write_tflite
from micronets.keyword_spotter.build import SpotterSources, spotter_sources
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.settings import DetectorSettings
from micronets.tflm.host import run_tflm
from tests.networks import random_network, small_ds_cnn

HOP_SAMPLES, HOP_MS, FRAMES, VALUES = 160, 10, 13, 10
LABELS = ("left", "_silence_", "right", "_unknown_")

HEADER = f"""
#ifndef MN_FEATURES_H
#define MN_FEATURES_H
#include <stdint.h>
#define MN_FEATURES_HOP_SAMPLES {HOP_SAMPLES}
#define MN_FEATURES_FRAMES {FRAMES}
#define MN_FEATURES_VALUES {VALUES}
void mn_features_reset(void);
int mn_features_push(const int16_t samples[MN_FEATURES_HOP_SAMPLES]);
void mn_features_window(int8_t *input);
#endif
"""

# Every sixteenth sample's high byte.
SOURCE = """
#include "mn_features.h"
static int8_t frames[MN_FEATURES_FRAMES][MN_FEATURES_VALUES];
static uint32_t count;
void mn_features_reset(void)
{
    count = 0;
}
int mn_features_push(const int16_t samples[MN_FEATURES_HOP_SAMPLES])
{
    for (uint32_t i = 0; i < MN_FEATURES_VALUES; i++) {
        frames[count % MN_FEATURES_FRAMES][i] = (int8_t)(samples[16 * i] >> 8);
    }
    return ++count >= MN_FEATURES_FRAMES;
}
void mn_features_window(int8_t *input)
{
    for (uint32_t frame = 0; frame < MN_FEATURES_FRAMES; frame++) {
        for (uint32_t i = 0; i < MN_FEATURES_VALUES; i++) {
            *input++ = frames[(count + frame) % MN_FEATURES_FRAMES][i];
        }
    }
}
"""


def windows(audio: np.ndarray) -> np.ndarray:
    """What these features make of audio: int8 (windows, frames, values, 1), one from every hop on that fills them."""
    frames = (audio.reshape(-1, HOP_SAMPLES)[:, ::16] >> 8).astype(np.int8)
    return np.stack([frames[i : i + FRAMES] for i in range(len(frames) - FRAMES + 1)])[..., None]


@dataclass(frozen=True)
class Built:
    tflite: Path
    sources: SpotterSources
    board: Board
    audio: np.ndarray

    @property
    def outputs(self) -> np.ndarray:
        """TFLM's outputs for the windows that the program looks at, int8 (inferences, classes)."""
        chosen = windows(self.audio)[:: self.sources.settings.step_hops]
        return run_tflm(self.tflite, chosen).reshape(len(chosen), -1)


def noise(hops: int, seed: int) -> np.ndarray:
    """Int16 audio whose level changes, so that the network changes its mind."""
    generator = np.random.default_rng(seed)
    level = np.repeat(generator.uniform(500, 32000, hops // 20 + 1), 20)[:hops, None]
    offset = np.repeat(generator.uniform(-12000, 12000, hops // 20 + 1), 20)[:hops, None]
    audio = generator.uniform(-1, 1, (hops, HOP_SAMPLES)) * level + offset
    return np.clip(audio, -32768, 32767).astype(np.int16).reshape(-1)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    directory = tmp_path_factory.mktemp("spotter")
    network = random_network(small_ds_cnn(), seed=3)
    write_tflite(replace(network, labels=LABELS), directory / "model.tflite")
    board = find_board("nucleo-f446re")
    compiled = compile_network(directory / "model.tflite", directory / "src", core=board.core)
    (directory / "features").mkdir()
    (directory / "features" / "mn_features.h").write_text(HEADER, encoding="utf-8")
    (directory / "features" / "features.c").write_text(SOURCE, encoding="utf-8")
    features = FeatureSources(
        name="picked",
        sources=(directory / "features" / "features.c",),
        include_directories=(directory / "features",),
        hop_samples=HOP_SAMPLES,
        frame_samples=HOP_SAMPLES,
        first_window_hops=FRAMES,
        frames=FRAMES,
        values=VALUES,
    )
    options = SpotOptions(step_ms=20, smoothing_ms=60, threshold=0.4, refractory_ms=100)
    settings = DetectorSettings.of(options, LABELS, HOP_MS)
    sources = spotter_sources(compiled, features, settings, directory / "settings")
    return Built(directory / "model.tflite", sources, board, noise(400, 5))
