"""Features of audio on the device, in integers: generated C, and the same integers in numpy."""

from micronets.firmware.features.reference import clip_stream, clip_windows, streamed
from micronets.firmware.features.sources import FeatureSources, write_features
from micronets.firmware.features.tables import Parameters

__all__ = ["FeatureSources", "Parameters", "clip_stream", "clip_windows", "streamed", "write_features"]
