"""Image classification on folders of pictures: what the task says of itself, and a network trained for an epoch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from micronets.configuration import TASKS, resolve
from micronets.errors import ConfigurationError, DataError
from micronets.export import export
from micronets.published import published_architecture
from micronets.tasks import find_task, open_dataset

TASK = find_task("ic")
TRAINING = """
import json, sys
from micronets.train import train
train(sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), 1, threads=1)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """20 noisy pictures each of three colours, of many sizes, split into train and test."""
    root = tmp_path_factory.mktemp("ic") / "pictures"
    generator = np.random.default_rng(1)
    for label, colour in (("blue", (40, 60, 200)), ("green", (40, 180, 60)), ("red", (200, 60, 40))):
        for number in range(20):
            path = root / ("test" if number < 6 else "train") / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            shape = (*generator.integers(20, 90, 2), 3)
            noisy = np.clip(np.array(colour) + generator.normal(0, 30, shape), 0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(path)
    return root


@pytest.fixture(scope="module")
def prepared(pictures, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("ic") / "data"
    TASK.prepare({"path": str(pictures)}, directory, 1, 1)
    return directory


def test_the_dataset_is_that_of_the_folders(pictures, prepared):
    dataset = open_dataset(prepared, TASK.input_shape)
    assert dataset.labels == TASK.labels({"path": str(pictures)}) == ("blue", "green", "red")
    assert [np.bincount(dataset.classes(split)).tolist() for split in ("training", "validation", "testing")] == [
        [13] * 3,
        [1] * 3,
        [6] * 3,
    ]
    means = [
        dataset.features("testing")[dataset.classes("testing") == index].mean(axis=(0, 1, 2)) for index in range(3)
    ]
    assert [int(mean.argmax()) for mean in means] == [2, 1, 0]
    features, targets = next(iter(TASK.batches(dataset, {}, 1, 4).epoch(0)))
    assert features.shape == (4, 32, 32, 3) and targets.shape == (4, 3)
    with pytest.raises(DataError, match="keeps images of 32 pixels, but the network reads 48; set ic.data.size"):
        open_dataset(prepared, (48, 48, 3))
    with pytest.raises(ConfigurationError, match=r"not of \(8, 8, 3\)"):
        open_dataset(prepared, (8, 8, 3))


def test_configurations_are_checked(repository, pictures):
    defaults = yaml.safe_load((repository / "config" / "config.yaml").read_text(encoding="utf-8")) | {"tasks": ["ic"]}
    with pytest.raises(ConfigurationError, match="ic.data.source is folders, but ic.data.path does not say which"):
        resolve(defaults)
    with pytest.raises(ConfigurationError, match="ic.data.path: there is no folder"):
        resolve(defaults | {"ic__data__path": str(pictures / "nowhere")})
    models = {"resnet-8": {}, "mobilenet-v1-025-32": {}, "searched": {"search": {"board": "nucleo-f446re"}}}
    found = resolve(defaults | {"ic__data__path": str(pictures), "ic__models": models})
    assert list(found.tasks["ic"].models) == list(models)


def test_resnet_8_is_trained_and_its_file_answers_in_integers(prepared, tmp_path):
    published_architecture("resnet-8", 3).save(tmp_path / "architecture.json")
    section = yaml.safe_load((TASKS / "ic.yaml").read_text(encoding="utf-8"))["train"]
    section |= {"float_epochs": 3, "quantised_epochs": 1, "batch_size": 8, "warmup_epochs": 0}
    arguments = (prepared, tmp_path / "architecture.json", tmp_path / "train", json.dumps(section))
    subprocess.run([sys.executable, "-c", TRAINING, *map(str, arguments)], check=True, capture_output=True)
    files = [tmp_path / "train" / name for name in ("network.npz", "float.npz", "metrics.json")]
    metrics = export(*files, prepared, tmp_path, test_outputs_path=tmp_path / "train" / "test_outputs.npy")
    assert metrics["scores"]["tflm"]["accuracy"]["value"] > 0.6  # of three colours that anyone can tell
    assert metrics["agreement_with_tflm"]["litert"]["largest_difference_lsb"] <= 1
