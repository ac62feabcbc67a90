"""Features of audio on the device, in integers: generated C, and the same integers in numpy."""

from micronets.device_features.sound.reference import clip_stream, clip_windows, streamed
from micronets.device_features.sound.sources import FeatureSources, write_features
from micronets.device_features.sound.tables import Parameters

__all__ = ["FeatureSources", "Parameters", "clip_stream", "clip_windows", "streamed", "write_features"]
