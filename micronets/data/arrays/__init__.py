"""Recordings of one shape, as they come from a sensor: prepared dataset and batches, for tasks without features."""

from micronets.data.arrays.dataset import ArrayDataset
from micronets.data.arrays.options import FolderOptions
from micronets.data.arrays.prepare import Recording, prepare_arrays
from micronets.data.arrays.stream import ArrayStream

__all__ = ["ArrayDataset", "ArrayStream", "FolderOptions", "Recording", "prepare_arrays"]
