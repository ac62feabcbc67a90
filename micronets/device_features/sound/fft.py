"""The real FFT of a windowed frame in integers: its tables, and the same arithmetic in numpy.

A frame of N real samples is transformed as N / 2 complex ones (even samples real, odd ones imaginary), by decimation in
time: one stage of radix 8 or 4 without multiplications, then stages of radix 4, then the split into the spectrum of the
real frame. Data are 32 bits wide, twiddle factors Q15. A product keeps the upper 32 of 48 bits, which halves it; the
leg of a butterfly that is not multiplied is halved to match. How far the windowed samples are shifted up before is
worked out from the window, so that no frame overflows (`FftPlan.fraction_bits`).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from micronets.errors import ConfigurationError

SMALLEST_FFT, LARGEST_FFT = 64, 4096
_SQRT_HALF_LESS_1 = round((np.sqrt(0.5) - 1) * 2**32)


@dataclass(frozen=True, eq=False)
class FftPlan:
    """How frames under one window are transformed.

    Attributes:
        window: Q15, int16 (window samples,); 1 is 32767.
        fft_samples: real samples, zeros behind the window's; a power of two.
    """

    window: np.ndarray
    fft_samples: int

    def __post_init__(self) -> None:
        size = self.fft_samples
        if size & (size - 1) or not SMALLEST_FFT <= size <= LARGEST_FFT:
            raise ConfigurationError(
                f"features on a device need an FFT of a power of two from {SMALLEST_FFT} to {LARGEST_FFT} samples, "
                f"not of {size}"
            )

    @property
    def size(self) -> int:
        """Complex values."""
        return self.fft_samples // 2

    @property
    def first_radix(self) -> int:
        return 8 if self.size.bit_length() % 2 == 0 else 4

    @property
    def halvings(self) -> int:
        """Stages of radix 4 with twiddle factors, each of which halves."""
        return ((self.size // self.first_radix).bit_length() - 1) // 2

    @cached_property
    def fraction_bits(self) -> int:
        """Bits that windowed samples are shifted up by before the transform.

        After a stage of sub-transforms of L values, each value is at most the sum of the L magnitudes it comes from,
        and a part of one at most sqrt(2) of that within the first stage.
        """
        magnitudes = np.zeros(self.fft_samples)
        magnitudes[: len(self.window)] = self.window
        pairs = magnitudes.reshape(-1, 2).sum(axis=1)
        length, halvings = self.first_radix, 0
        largest = np.sqrt(2) * pairs.reshape(length, -1).sum(axis=0).max()
        while length < self.size:
            length, halvings = 4 * length, halvings + 1
            largest = max(largest, pairs.reshape(length, -1).sum(axis=0).max() / 2**halvings)
        return int(np.floor(np.log2(0.98 * 2**31 / largest)))

    @property
    def gain(self) -> float:
        """Spectrum in integers over that of the samples in integers, where the frame is not shifted up."""
        return 2.0 ** (self.fraction_bits - self.halvings) * 32767 / 32768

    @cached_property
    def order(self) -> np.ndarray:
        """Base-4 digits of 0 ... size / first_radix - 1 in reverse order."""
        count = self.size // self.first_radix
        numbers, reverse = np.arange(count), np.zeros(count, np.int64)
        for _ in range(self.halvings):
            reverse, numbers = 4 * reverse + numbers % 4, numbers // 4
        return reverse

    @cached_property
    def twiddles(self) -> np.ndarray:
        """exp(-2 pi i k / size) for k below 3/4 size, Q15 (3 size / 4, 2) as real and imaginary part."""
        return _circle(np.arange(3 * self.size // 4), self.size)

    @cached_property
    def split_twiddles(self) -> np.ndarray:
        """exp(-2 pi i k / fft_samples) for k from 0 to size / 2, Q15 (size / 2 + 1, 2)."""
        return _circle(np.arange(self.size // 2 + 1), self.fft_samples)


def window_q15(window: np.ndarray) -> np.ndarray:
    """A window of at most 1 as Q15, 1 being 32767; the gain of 32767 / 32768 is part of `FftPlan.gain`."""
    return np.rint(np.asarray(window, np.float64) * 32767).astype(np.int16)


def _circle(index: np.ndarray, size: int) -> np.ndarray:
    angle = -2 * np.pi * index / size
    parts = np.rint(32768 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return np.minimum(parts, 32767).astype(np.int16)  # 1 only at 0, where nothing is multiplied


Complex = tuple[np.ndarray, np.ndarray]


def spectrum(plan: FftPlan, frames: np.ndarray, up: np.ndarray) -> Complex:
    """Spectra of frames int16 (frames, window samples), each windowed and shifted up by `up` (frames,) bits.

    Returns:
        real and imaginary parts, int64 (frames, size), of bins 0 to size - 1; bin 0 is unused and 0.
    """
    return _split(plan, *_transform(plan, *_windowed(plan, frames, up)))


def _windowed(plan: FftPlan, frames: np.ndarray, up: np.ndarray) -> Complex:
    """In the order in which the first stage wants them, (frames, size) each."""
    down = 15 - plan.fraction_bits
    up = up.astype(np.int64)[:, None]
    rounding = ((1 << down) >> 1) >> up
    values = np.zeros((len(frames), plan.fft_samples), np.int64)
    products = frames.astype(np.int64) * plan.window
    values[:, : plan.window.size] = ((products + rounding) << up) >> down
    # Pair j + m (size / radix) goes to radix order[j] + m.
    legs = values.reshape(len(frames), plan.first_radix, -1, 2).transpose(0, 2, 1, 3)
    placed = np.empty_like(legs)
    placed[:, plan.order] = legs
    whole = placed.reshape(len(frames), plan.size, 2)
    return whole[..., 0], whole[..., 1]


def _transform(plan: FftPlan, real: np.ndarray, imaginary: np.ndarray) -> Complex:
    count = len(real)
    first = _radix_8 if plan.first_radix == 8 else _radix_4
    legs = [
        (real.reshape(count, -1, plan.first_radix)[..., leg], imaginary.reshape(count, -1, plan.first_radix)[..., leg])
        for leg in range(plan.first_radix)
    ]
    outputs = first(legs)
    real, imaginary = (np.stack([value[part] for value in outputs], axis=2).reshape(count, -1) for part in (0, 1))
    length = plan.first_radix
    while length < plan.size:
        length *= 4
        step = plan.size // length
        shape = (count, step, 4, length // 4)
        legs = [(real.reshape(shape)[:, :, leg], imaginary.reshape(shape)[:, :, leg]) for leg in range(4)]
        turned = [(legs[0][0] >> 1, legs[0][1] >> 1)]
        for leg in (1, 2, 3):
            turned.append(_turn(legs[leg], plan.twiddles[: leg * (length // 4) * step : leg * step]))
        outputs = _radix_4(turned)
        real, imaginary = (np.stack([value[part] for value in outputs], axis=2).reshape(count, -1) for part in (0, 1))
    return real, imaginary


def _turn(value: Complex, twiddles: np.ndarray) -> Complex:
    """Half of values (..., columns) times one twiddle per column; column 0 is only halved."""
    (x, y), (cosine, sine) = value, twiddles.astype(np.int64).T
    turned = _upper(x, cosine) - _upper(y, sine), _upper(y, cosine) + _upper(x, sine)
    for before, after in zip(value, turned, strict=True):
        after[..., 0] = before[..., 0] >> 1
    return turned


def _upper(wide: np.ndarray, narrow: np.ndarray) -> np.ndarray:
    """The upper 32 bits of the 48 of a product of 32 and 16 bits."""
    return (wide * narrow) >> 16


def _radix_4(legs: list[Complex]) -> list[Complex]:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = legs
    px, py, qx, qy = ax + cx, ay + cy, ax - cx, ay - cy
    rx, ry, sx, sy = bx + dx, by + dy, bx - dx, by - dy
    return [(px + rx, py + ry), (qx + sy, qy - sx), (px - rx, py - ry), (qx - sy, qy + sx)]


def _radix_8(legs: list[Complex]) -> list[Complex]:
    even, odd = _radix_4(legs[0::2]), _radix_4(legs[1::2])
    (ox, oy), (px, py), (qx, qy), (rx, ry) = odd
    turned = [
        (ox, oy),
        (_sqrt_half(px + py), _sqrt_half(py - px)),
        (qy, -qx),
        (_sqrt_half(ry - rx), _sqrt_half(-ry - rx)),
    ]
    sums = [(ex + tx, ey + ty) for (ex, ey), (tx, ty) in zip(even, turned, strict=True)]
    return sums + [(ex - tx, ey - ty) for (ex, ey), (tx, ty) in zip(even, turned, strict=True)]


def _sqrt_half(value: np.ndarray) -> np.ndarray:
    return value + ((value * _SQRT_HALF_LESS_1 + (1 << 31)) >> 32)


def _split(plan: FftPlan, real: np.ndarray, imaginary: np.ndarray) -> Complex:
    half = plan.size // 2
    x, y = real[:, 1 : half + 1], imaginary[:, 1 : half + 1]
    mirror_x, mirror_y = real[:, : half - 1 : -1], imaginary[:, : half - 1 : -1]
    cosine, sine = plan.split_twiddles[1:].astype(np.int64).T
    sum_x, sum_y = (x + mirror_x) >> 1, (y - mirror_y) >> 1
    difference_x, difference_y = x - mirror_x, y + mirror_y
    turned_x = _upper(difference_y, cosine) + _upper(difference_x, sine)
    turned_y = _upper(difference_y, sine) - _upper(difference_x, cosine)
    out_x, out_y = np.zeros_like(real), np.zeros_like(real)
    out_x[:, 1 : half + 1], out_y[:, 1 : half + 1] = sum_x + turned_x, sum_y + turned_y
    out_x[:, :half:-1], out_y[:, :half:-1] = (sum_x - turned_x)[:, :-1], (turned_y - sum_y)[:, :-1]
    return out_x, out_y
