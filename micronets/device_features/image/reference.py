"""What the device makes of a camera's frames, in numpy: the same whole numbers, written down as plain sums."""

import numpy as np

from micronets.device_features.image.sources import LUMA_565, CameraFrame, ImageInput, axis_total
from micronets.errors import ConfigurationError
from micronets.features.resize import area_weights, grey


def network_inputs(frames: np.ndarray, image: ImageInput) -> np.ndarray:
    """Inputs of the network, int8 (n, size, size, channels).

    Args:
        frames: uint8 (n, frame bytes), as the camera delivers them.
    """
    pixels = unpacked(frames, image.frame, image.shape[2])
    down, across = (axis_weights(source, image.size) for source in (image.frame.rows, image.frame.columns))
    sums = np.stack([_weighted(frame, down, across) for frame in pixels])
    intensities = [
        (sums[..., channel] + scale.half) * scale.factor >> (32 + scale.shift)
        for channel, scale in enumerate(image.scales)
    ]
    return image.levels[np.stack(intensities, axis=-1)]


def axis_weights(source: int, size: int) -> np.ndarray:
    """int64 (size, source): the weights of `source` pixels in `size` targets, each row adding up to `axis_total`.

    Areas, as `micronets.features.resize` has them, or, where an axis grows, linear interpolation between the centres
    of pixels; beyond the outermost centres their pixels alone.
    """
    if source >= size:
        return area_weights(source, size).astype(np.int64)
    total = axis_total(source, size)
    centres = ((2 * np.arange(size) + 1) * source - size).clip(
        0, (source - 1) * total
    )  # in units of 1/total of a pixel
    distances = np.abs(centres[:, None] - total * np.arange(source)[None])
    return np.maximum(total - distances, 0)


def packed(images: np.ndarray, frame: CameraFrame) -> np.ndarray:
    """Frames, uint8 (n, frame bytes), as a camera would deliver images uint8 (n, rows, columns, 3).

    Of 565 bits, the highest ones are kept.
    """
    count = len(images)
    if images.shape != (count, frame.rows, frame.columns, 3):
        raise ConfigurationError(
            f"images of {images.shape} are no frames of {frame.rows} rows, {frame.columns} columns"
        )
    if frame.format == "rgb888":
        return np.ascontiguousarray(images).reshape(count, -1)
    if frame.format == "grey8":
        return grey(images).reshape(count, -1)
    wide = images.astype(np.uint16)
    words = wide[..., 0] >> 3 << 11 | wide[..., 1] >> 2 << 5 | wide[..., 2] >> 3
    order = "<u2" if frame.format == "rgb565" else ">u2"
    return words.astype(order).reshape(count, -1).view(np.uint8)


def unpacked(frames: np.ndarray, frame: CameraFrame, channels: int) -> np.ndarray:
    """Pixels as they are summed up, uint8 (n, rows, columns, channels), of frames, uint8 (n, frame bytes).

    They are luma, bytes of colour, or 5, 6 and 5 bits of it.
    """
    shape = (len(frames), frame.rows, frame.columns)
    frames = np.ascontiguousarray(frames)
    if frame.format in ("grey8", "rgb888"):
        pixels = frames.reshape(*shape, -1)
        return grey(pixels) if pixels.shape[3] > channels else pixels
    words = frames.view("<u2" if frame.format == "rgb565" else ">u2").reshape(shape).astype(np.uint32)
    fields = np.stack([words >> 11, words >> 5 & 63, words & 31], axis=-1)
    if channels == 1:
        fields = (fields @ np.array(LUMA_565, np.uint32) + 4096 >> 13)[..., None]
    return fields.astype(np.uint8)


def _weighted(pixels: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """int64 (size, size, channels) of one frame uint8 (rows, columns, channels)."""
    rows = np.tensordot(down, pixels.astype(np.int64), axes=(1, 0))  # size, columns, channels
    return np.tensordot(across, rows, axes=(1, 1)).transpose(1, 0, 2)
