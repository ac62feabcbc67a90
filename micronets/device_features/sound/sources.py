"""Writes the tables of one network's features as C; the code around them is in `micronets/csrc/features`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.atomic import write_text
from micronets.compiler.source import Source, c_type
from micronets.csrc import CSRC, INCLUDE, LICENCE_LINE
from micronets.device_features.sound.elementary import log2_table, sqrt_table
from micronets.device_features.sound.tables import (
    FrameTables,
    LogMelTables,
    MfccTables,
    Parameters,
    Quantiser,
    filterbank_tables,
    log_mel_tables,
    mfcc_tables,
)
from micronets.features.filterbank import EMPHASIS_SHIFT, FilterbankParameters
from micronets.features.mfcc import MfccParameters

_LIBRARY = ("frame.c", "real_fft.c", "mel.c")


@dataclass(frozen=True)
class FeatureSources:
    """C that turns audio into the int8 input of a network.

    Attributes:
        name: `mfcc`, `filterbank` or `log_mel`.
        sources: C files to compile, mn_features.c, the tables, first.
        hop_samples: int16 samples that one push takes.
        frame_samples: that a frame reaches over.
        first_window_hops: hops until there is the first window.
        frames, values: of a window; rows and columns of log-mel.
    """

    name: str
    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    hop_samples: int
    frame_samples: int
    first_window_hops: int
    frames: int
    values: int

    @property
    def window_bytes(self) -> int:
        """Of the network's input."""
        return self.frames * self.values


def write_features(parameters: Parameters, scale: float, zero_point: int, directory: Path) -> FeatureSources:
    """Writes mn_features.h, mn_features_tables.h and mn_features.c to `directory`.

    Args:
        scale, zero_point: of the network's int8 input, real = scale (int8 - zero_point).

    Raises:
        ConfigurationError: the parameters or the scale ask for what integer features cannot do.
    """
    if isinstance(parameters, MfccParameters):
        mfcc = mfcc_tables(parameters)
        name, library, frame, rows, values = "mfcc", "mfcc.c", mfcc.frame, mfcc.frames, mfcc.coefficients
        constants, arrays = _mfcc(mfcc)
        quantiser = mfcc.quantiser(scale, zero_point)
    else:
        filterbank = isinstance(parameters, FilterbankParameters)
        log_mel = filterbank_tables(parameters) if filterbank else log_mel_tables(parameters)
        name, library = "filterbank" if filterbank else "log_mel", "log_mel.c"
        frame, rows, values = log_mel.frame, log_mel.rows, log_mel.columns
        constants, arrays = _log_mel(log_mel), {}
        quantiser = log_mel.quantiser(scale, zero_point)
    constants |= _frame_constants(frame) | _quantiser_constants(quantiser)
    arrays |= _frame_arrays(frame)
    source = Source()
    for array, content in arrays.items():
        source.array(array, content, static=False)
    defines = "\n".join(f"#define {key} ({value})" for key, value in constants.items())
    declarations = "\n".join(
        f"extern const {c_type(content)} {array}[{content.size}];" for array, content in arrays.items()
    )
    files = {
        "mn_features.h": _HEADER.format(name=name, hop=frame.hop_samples, frames=rows, values=values),
        "mn_features_tables.h": _TABLES_HEADER.format(defines=defines, declarations=declarations),
        "mn_features.c": _TABLES.format(tables="\n".join(source.parts)),
    }
    for file, text in files.items():
        write_text(directory / file, f"{LICENCE_LINE}\n{text}")
    folder = CSRC / "features"
    return FeatureSources(
        name=name,
        sources=(directory / "mn_features.c", folder / library, *(folder / file for file in _LIBRARY)),
        include_directories=(directory, folder, INCLUDE),
        hop_samples=frame.hop_samples,
        frame_samples=frame.window_samples,
        first_window_hops=rows * constants.get("MN_POOLING", 1) + frame.frame_hops - 1,
        frames=rows,
        values=values,
    )


def _pairs(values: np.ndarray) -> np.ndarray:
    """Pairs of int16 (count, 2) as words, the first below."""
    return np.ascontiguousarray(values.reshape(-1, 2), np.int16).view(np.uint32).reshape(-1)


def _frame_constants(frame: FrameTables) -> dict[str, int]:
    mel = frame.mel
    return {
        "MN_HOP_SAMPLES": frame.hop_samples,
        "MN_WINDOW_SAMPLES": frame.window_samples,
        "MN_FFT_SIZE": frame.fft.size,
        "MN_FFT_FIRST_RADIX": frame.fft.first_radix,
        "MN_FFT_FRACTION_BITS": frame.fft.fraction_bits,
        "MN_MEL_BANDS": frame.bands,
        "MN_MEL_SQUARED": int(frame.squared),
        "MN_MEL_FIRST_BIN": mel.first_bin,
        "MN_LAST_BIN": mel.first_bin + len(mel.rising) - 1,
        "MN_MEL_LOG_FLOOR": frame.log_floor,
    }


def _quantiser_constants(quantiser: Quantiser) -> dict[str, int]:
    return {
        "MN_QUANTISE_MULTIPLIER": quantiser.multiplier,
        "MN_QUANTISE_SHIFT": quantiser.shift,
        "MN_QUANTISE_ZERO_POINT": quantiser.zero_point,
    }


def _frame_arrays(frame: FrameTables) -> dict[str, np.ndarray]:
    fft, mel = frame.fft, frame.mel
    return {
        "mn_window": _pairs(fft.window),
        "mn_order": fft.order.astype(np.uint8),
        "mn_twiddles": _pairs(fft.twiddles),
        "mn_split_twiddles": _pairs(fft.split_twiddles),
        "mn_mel_counts": mel.counts.astype(np.uint16),
        "mn_mel_rising": mel.rising,
        "mn_mel_offsets": frame.log_offsets,
        "mn_log2_table": log2_table(),
        "mn_sqrt_table": sqrt_table(),
    }


def _log_mel(tables: LogMelTables) -> dict[str, int]:
    constants = {"MN_POOLING": tables.pooling, "MN_LEVEL": tables.level}
    if tables.has_ceiling:
        constants["MN_CEILING"] = tables.ceiling
    if tables.frame.emphasised:
        constants["MN_EMPHASIS_SHIFT"] = EMPHASIS_SHIFT
    return constants


def _mfcc(tables: MfccTables) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    constants = {
        "MN_DCT_SCALE": tables.dct_scale,
        "MN_PEAK_SCALE": tables.peak_scale,
        "MN_SILENT_VALUE": tables.silent_value,
    }
    return constants, {"mn_dct": tables.dct}


_HEADER = """/* Features of audio for one network. Generated; change the parameters, not this file. */
#ifndef MN_FEATURES_H
#define MN_FEATURES_H

#include <stdint.h>

/* {name}: int16 samples of a hop; frames of a window, and values of a frame. A frame of log-mel is a row: means over
 * some frames and bands. */
#define MN_FEATURES_HOP_SAMPLES {hop}
#define MN_FEATURES_FRAMES {frames}
#define MN_FEATURES_VALUES {values}

/* Forgets all audio. Called once before the first hop. */
void mn_features_reset(void);

/* Takes one hop; returns 1 where there is a new window of MN_FEATURES_FRAMES frames, else 0. */
int mn_features_push(const int16_t samples[MN_FEATURES_HOP_SAMPLES]);

/* The network's input, MN_FEATURES_FRAMES x MN_FEATURES_VALUES, from the last frames. */
void mn_features_window(int8_t *input);

#endif
"""

_TABLES_HEADER = """/* Numbers of the features in fixed point. Generated; change the parameters, not this file.
 * What each is says micronets/device_features/sound/tables.py. */
#ifndef MN_FEATURES_TABLES_H
#define MN_FEATURES_TABLES_H

#include <stdint.h>

{defines}

{declarations}

#endif
"""

_TABLES = """/* Tables of the features in fixed point. Generated; change the parameters, not this file. */
#include "mn_features_tables.h"

{tables}"""
