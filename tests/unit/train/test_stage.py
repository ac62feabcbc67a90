"""The whole stage on a few synthetic words, in processes of its own: the number of cores is set once per process."""

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.data.speech.vocabulary import TEN_WORDS
from micronets.network import TrainedNetwork
from micronets.tasks import find_task

TINY = Architecture(
    "tiny",
    (49, 10, 1),
    (
        Convolution(8, (10, 4), (2, 2)),
        DepthwiseConvolution(),
        Convolution(8),
        AveragePooling(),
        Convolution(12, activation="linear"),
    ),
)
SECTION = {
    "float_epochs": 3,
    "quantised_epochs": 2,
    "batch_size": 32,
    "learning_rate": 0.01,
    "quantised_learning_rate": 0.001,
    "final_learning_rate": 0.01,
    "warmup_epochs": 1,
    "weight_decay": 0.001,
    "dropout": 0.1,
    "label_smoothing": 0.0,
    "weight_bits": 4,
    "activation_bits": 4,
    "distillation": {"weight": 0.5, "temperature": 2.0},
    "teacher": {"architecture": "", "float_epochs": 2, "augmentation": {}},
    "augmentation": {"noise_probability": 0.5, "time_masks": 1},
}
DRIVER = """
import json, os, sys
from micronets.train import train, train_teacher

stage, data, architecture, directory, teacher, kill_after, section = sys.argv[1:]

class Sink:
    epochs = 0
    def log_metrics(self, metrics, step):
        self.epochs += 1
        if self.epochs == int(kill_after):
            os.kill(os.getpid(), 9)

if stage == "teacher":
    train_teacher(data, architecture, directory, json.loads(section), 1, threads=1, sink=Sink())
else:
    train(data, architecture, directory, json.loads(section), 1, threads=1, teacher_path=teacher or None,
          sink=Sink())
"""


def _run(stage: str, root: Path, directory: Path, teacher: str = "", kill_after: int = 0) -> int:
    arguments = [stage, root / "data", root / "architecture.json", directory, teacher, kill_after, json.dumps(SECTION)]
    command = [sys.executable, "-c", DRIVER, *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A prepared dataset of tones, one pitch per word, and an architecture."""
    root = tmp_path_factory.mktemp("train")
    generator = np.random.default_rng(0)
    words = [*TEN_WORDS, "bird", "_background_noise_"]
    lists = {"validation": [], "testing": []}
    for pitch, word in enumerate(words):
        folder = root / "recordings" / word
        folder.mkdir(parents=True)
        for take in range(1 if word.startswith("_") else 8):
            seconds = 12 if word.startswith("_") else 1
            time = np.arange(16000 * seconds) / 16000
            tone = 0 if word.startswith("_") else np.sin(2 * np.pi * 200 * 1.25**pitch * time)
            samples = 0.3 * tone + generator.normal(0, 0.05, len(time))
            name = f"{take:08x}_nohash_0.wav"
            with wave.open(str(folder / name), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
            if not word.startswith("_") and take < 4:
                lists["validation" if take < 2 else "testing"].append(f"{word}/{name}")
    for split, names in lists.items():
        (root / "recordings" / f"{split}_list.txt").write_text("\n".join(names) + "\n")
    options = {"source": "folder", "path": str(root / "recordings")}
    find_task("kws").prepare(options, root / "data", 1, 1)
    TINY.save(root / "architecture.json")
    return root


@pytest.fixture(scope="module")
def taught(root) -> Path:
    """The folder of a network that was trained without interruption; its teacher is beside it."""
    assert _run("teacher", root, root / "teacher") == 0
    assert _run("train", root, root / "whole", teacher=str(root / "teacher" / "float.npz")) == 0
    return root / "whole"


def test_a_killed_training_ends_with_the_same_bytes_and_leaves_no_state(root, taught):
    killed, teacher = root / "killed", str(root / "teacher" / "float.npz")
    assert _run("train", root, killed, teacher, kill_after=2) == -9
    assert not (killed / "float.npz").exists()
    assert _run("train", root, killed, teacher, kill_after=2) == -9
    assert (killed / "float.npz").exists() and not (killed / "network.npz").exists()
    assert _run("train", root, killed, teacher) == 0
    for name in ("float.npz", "network.npz", "test_outputs.npy", "metrics.json"):
        assert (taught / name).read_bytes() == (killed / name).read_bytes(), name
    assert not (killed / "checkpoint").exists()


def test_results_fit_together(root, taught):
    directory = taught
    assert TrainedNetwork.load(root / "teacher" / "float.npz").input_range is None
    history = pd.read_csv(directory / "history.csv")
    assert list(history["phase"]) == ["float"] * 3 + ["quantised"] * 2
    metrics = json.loads((directory / "metrics.json").read_text())
    assert metrics.pop("metric") == "accuracy"
    for phase, values in metrics.items():
        epochs = history[history["phase"] == phase]
        best = epochs.loc[epochs["validation_loss"].idxmin()]
        assert values["validation"]["accuracy"]["value"] == pytest.approx(best["validation_accuracy"])
    logits = np.load(directory / "test_outputs.npy")
    assert logits.shape == (len(pd.read_csv(root / "data" / "clips.csv").query("split == 'testing'")), 12)
    network = TrainedNetwork.load(directory / "network.npz")
    assert network.architecture == TINY.with_precision(4, 4)
    assert network.architecture.activation_bits() == (4, 4, 4, 4, 8)
    assert TrainedNetwork.load(directory / "float.npz").architecture == TINY
    assert network.labels == find_task("kws").labels({})
    assert network.parameters[0].kernel_scale.shape == (8,)
