"""Frames to network inputs on emulated boards, and the command that measures it."""

from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution
from micronets.boards import find_board
from micronets.cli import main
from micronets.data.images.scenes import SceneOptions, generate_scenes
from micronets.device_features.image.agreement import compare
from micronets.device_features.image.sources import CameraFrame, ImageInput
from micronets.errors import ConfigurationError, ModelError
from micronets.export.writer import write_tflite
from micronets.profile.image_input import image_input, profile_image_input
from tests.networks import INPUT_RANGE, random_network

PIXELS = (np.arange(256) - 128).astype(np.int8)


def network(shape: tuple[int, int, int]) -> Architecture:
    layers = (Convolution(4, (3, 3), (4, 4)), AveragePooling(), Convolution(2, activation="linear"))
    return Architecture("small", shape, layers)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_tflite(random_network(network((50, 50, 1)), seed=4), tmp_path / "model.tflite")
    return tmp_path / "model.tflite"


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("coco")
    generate_scenes(SceneOptions(images=40), root, 5, 1)
    return root


@pytest.mark.parametrize(
    ("board", "frame", "shape", "optimise"),
    [
        ("frdm-kl25z", CameraFrame(60, 80, "rgb565"), (20, 20, 1), "size"),
        ("nucleo-l4r5zi", CameraFrame(240, 320, "rgb565"), (50, 50, 1), "balanced"),
        ("nucleo-l4r5zi", CameraFrame(120, 160, "rgb565_swapped"), (128, 128, 3), "speed"),
        ("nucleo-f446re", CameraFrame(118, 161, "rgb888"), (50, 50, 1), "size"),
        ("nucleo-f446re", CameraFrame(97, 131, "grey8"), (96, 96, 1), "speed"),
        ("corstone-300", CameraFrame(121, 163, "rgb565"), (96, 96, 3), "balanced"),
        ("corstone-300", CameraFrame(121, 163, "rgb888"), (96, 96, 1), "size"),
    ],
)
def test_emulated_boards_equal_the_reference(board, frame, shape, optimise, tmp_path):
    found = profile_image_input(ImageInput(frame, shape, PIXELS), find_board(board), tmp_path, optimise=optimise)
    assert (found.profile.compared_outputs, found.profile.different_outputs) == (3, 0)
    line_bytes = frame.columns if shape[2] == 1 else 0
    assert 8 * shape[0] * shape[2] <= found.static_ram_bytes <= 8 * shape[0] * shape[2] + line_bytes + 64


def test_levels_are_the_networks_grid(model):
    image = image_input(model, CameraFrame(60, 80, "rgb565"), scale=1 / 32, offset=-4.0)
    low, high = INPUT_RANGE
    expected = np.clip((np.arange(256) / 32 - 4 - low) / (high - low) * 255 - 128, -128, 127)
    assert np.abs(image.levels - expected).max() <= 1
    assert len(np.unique(image.levels)) > 100


def test_a_scale_that_does_not_suit_is_refused(model):
    with pytest.raises(ConfigurationError, match="only 17 of 256 intensities apart; check --scale"):
        image_input(model, CameraFrame(60, 80, "rgb565"), scale=1 / 255, offset=0.0)


def test_the_command_measures_and_compares(model, coco, tmp_path, capsys):
    options = ["--frame", "320x240", "--scale", "0.03", "--offset", "-4", "--output", str(tmp_path / "out")]
    assert main(["image-input", str(model), *options, "--photographs", str(coco), "--views", "2"]) == 0
    printed = capsys.readouterr().out
    assert "3 of 3 compared are equal bit for bit" in printed and "80 images" in printed
    assert (tmp_path / "out" / "src" / "image_input.c").is_file()
    assert main(["image-input", str(model), "--frame", "320"]) == 1
    assert "give columns and rows" in capsys.readouterr().err


def test_a_frame_of_the_stored_size_is_answered_alike(model, coco):
    found = compare(model, image_input(model, CameraFrame(224, 224, "rgb888"), 0.03, -4.0), coco)
    assert (found.images, found.largest_difference, found.different_answers) == (40, 0, 0)
    assert found.host == found.device


def test_models_without_an_image_are_refused(tmp_path):
    write_tflite(random_network(network((30, 40, 1))), tmp_path / "flat.tflite")
    with pytest.raises(ConfigurationError, match="only square inputs"):
        image_input(tmp_path / "flat.tflite", CameraFrame(60, 80, "rgb565"), 0.03, -4)
    (tmp_path / "text.tflite").write_text("no model", encoding="utf-8")
    with pytest.raises(ModelError):
        image_input(tmp_path / "text.tflite", CameraFrame(60, 80, "rgb565"), 1, 0)
