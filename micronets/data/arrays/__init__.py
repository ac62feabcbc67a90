"""Recordings of one shape, as they come from a sensor: prepared dataset and batches, for tasks without features."""

from micronets.data.arrays.batches import ArrayBatches
from micronets.data.arrays.dataset import ArrayDataset
from micronets.data.arrays.options import FolderOptions
from micronets.data.arrays.prepare import Recording, prepare_arrays

__all__ = ["ArrayDataset", "ArrayBatches", "FolderOptions", "Recording", "prepare_arrays"]
