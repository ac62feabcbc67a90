"""What a search learns on: a prepared dataset in two parts, for the weights, and for decisions and scores."""

import os
from dataclasses import dataclass
from typing import Any

from micronets.architecture import Shape
from micronets.data.dataset import TrainingBatches
from micronets.network import Range
from micronets.search.options import SearchOptions
from micronets.tasks import dataset_description, find_task, open_dataset


@dataclass(frozen=True)
class Examples:
    """Of one dataset.

    Attributes:
        input_shape: (height, width, channels) of one example.
        batches: of the weights, and of the decisions or for scoring; of disjoint parts of the training split.
        facts: what decides their contents and is not in the options (JSON-serialisable).
    """

    input_shape: Shape
    classes: int
    input_range: Range
    batches: tuple[TrainingBatches, TrainingBatches]
    facts: dict[str, Any]


def open_examples(dataset_directory: str | os.PathLike, options: SearchOptions, seed: int, threads: int) -> Examples:
    """Opens a prepared dataset; raises MicronetsError where it is damaged."""
    task = find_task(dataset_description(dataset_directory)["task"])
    dataset = open_dataset(dataset_directory, options.input_shape or task.input_shape)
    parts = dataset.split_indices(1.0 - options.architecture.share, seed)
    # The two sequences of batches augment independently: their seeds differ.
    weights, decisions = (
        task.batches(dataset, options.augmentation, 2 * seed + index, options.batch_size, subset=rows, threads=threads)
        for index, rows in enumerate(parts)
    )
    facts = {"data": dataset.content_hash, "threads": threads}
    return Examples(dataset.input_shape, len(dataset.labels), dataset.input_range, (weights, decisions), facts)
