"""How a network answers to a camera's frames, prepared on the device, beside photographs prepared on the host."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.data.images.coco import PARTS, find_year, read_images
from micronets.data.images.decode import Box, ImageRejected, decode
from micronets.data.images.prepare import STORED_SIZE
from micronets.device_features.image.reference import network_inputs, packed
from micronets.device_features.image.sources import ImageInput
from micronets.errors import DataError
from micronets.evaluation import ClassTruth, Score
from micronets.features.resize import grey, shrink
from micronets.progress import track
from micronets.tflm.host import run_tflm

logger = logging.getLogger(__name__)

_CUT = 0.1
_PERSON_AREA_PERCENT = 0.5
_INTENSITIES = (np.arange(256) - 128).astype(np.int8)


@dataclass(frozen=True)
class Agreement:
    """Inputs and answers of one network.

    Attributes:
        images: photographs, or views of them, that were compared.
        mean_difference: of the inputs' pixels, device against host, in steps of 1/255 of full intensity; likewise
            `largest_difference`, and `difference_99` that 99 % of the pixels keep within.
        host, device: accuracy of the network's answers.
        different_answers: images that it answers differently.
    """

    images: int
    mean_difference: float
    difference_99: int
    largest_difference: int
    host: Score
    device: Score
    different_answers: int

    def in_words(self) -> str:
        """Two lines."""

        def share(accuracy: Score) -> str:
            return f"{accuracy.value:.1%} ({accuracy.low:.1%} to {accuracy.high:.1%})"

        return (
            f"{self.images} images; pixels differ by {self.mean_difference:.2f} of 255 on average, "
            f"99 % by at most {self.difference_99}, all by at most {self.largest_difference}\n"
            f"accuracy: {share(self.host)} prepared on the host, {share(self.device)} on the device; "
            f"{self.different_answers} answered differently"
        )


def compare(tflite: Path, image: ImageInput, root: Path, *, views: int = 1) -> Agreement:
    """Runs the network in TFLM on every photograph of a folder in COCO's layout, twice.

    The camera's frame is the photograph at the frame's size, stretched; the host's input is made as the stage `data`
    does, by way of the size that datasets are kept at.

    Args:
        views: of each photograph; the first one is the whole, others are cut by up to a tenth of each side, and
            mirrored, at random, the same ones in every call.

    Raises:
        DataError: no photograph can be read.
    """
    year = find_year(root)
    table = pd.concat([read_images(root, year, part, _PERSON_AREA_PERCENT) for part in PARTS])
    as_seen = replace(image, levels=_INTENSITIES)
    generator = np.random.default_rng(0)
    device, host, classes = [], [], []
    for row in track(table.itertuples(), logger, "photographs", len(table)):
        for view in range(views):
            box, step = _view(generator) if view else ((0.0, 0.0, 1.0, 1.0), 1)
            try:
                seen = decode(root / row.path, image.frame.columns, image.frame.rows, box)[None, :, ::step]
                stored = decode(root / row.path, STORED_SIZE, box=box)[None, :, ::step]
            except ImageRejected:
                break
            device.append(network_inputs(packed(seen, image.frame), as_seen)[0])
            host.append(shrink(grey(stored) if image.shape[2] == 1 else stored, image.size)[0])
            classes.append(int(row.seen))
    if not classes:
        raise DataError(f"{root} has no photographs that can be read; give a folder in COCO's layout")
    intensities = np.stack(device).astype(np.int64) + 128, np.stack(host).astype(np.int64)
    differences = np.abs(intensities[0] - intensities[1])
    answers = [run_tflm(tflite, image.levels[values]).reshape(len(classes), -1) for values in intensities]
    truth = ClassTruth(np.array(classes, np.int64))
    scores = [truth.scores(values, outputs)["accuracy"] for values, outputs in zip(intensities, answers, strict=True)]
    return Agreement(
        images=len(classes),
        mean_difference=float(differences.mean()),
        difference_99=int(np.quantile(differences, 0.99, method="higher")),
        largest_difference=int(differences.max()),
        host=scores[1],
        device=scores[0],
        different_answers=int((answers[0].argmax(axis=1) != answers[1].argmax(axis=1)).sum()),
    )


def _view(generator: np.random.Generator) -> tuple[Box, int]:
    """A part of a photograph, and the step along its columns: backwards where it is mirrored."""
    width, height = generator.uniform(1 - _CUT, 1, 2)
    left, top = generator.uniform(0, 1, 2) * (1 - width, 1 - height)
    return (left, top, left + width, top + height), int(generator.choice([1, -1]))
