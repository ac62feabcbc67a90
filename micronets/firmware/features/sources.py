"""Writes mn_features.h and mn_features.c: the features of one network as C, see `firmware/features`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.atomic import write_text
from micronets.data.mfcc import MfccParameters
from micronets.firmware.features.elementary import log2_table, sqrt_table
from micronets.firmware.features.tables import (
    FrameTables,
    LogMelTables,
    MfccTables,
    Parameters,
    Quantiser,
    log_mel_tables,
    mfcc_tables,
)
from micronets.firmware.source import Source

_FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
_LIBRARY = ("frame.c", "real_fft.c", "log_mel_energies.c")


@dataclass(frozen=True)
class FeatureSources:
    """C that turns audio into the int8 input of a network.

    Attributes:
        name: `mfcc` or `log_mel`.
        sources: C files to compile, mn_features.c first.
        hop_samples: int16 samples that one push takes.
        frames, values: of a window; rows and columns of log-mel.
    """

    name: str
    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    hop_samples: int
    frames: int
    values: int

    @property
    def window_bytes(self) -> int:
        """Of the network's input."""
        return self.frames * self.values


def write_features(parameters: Parameters, scale: float, zero_point: int, directory: Path) -> FeatureSources:
    """Writes the features' C to `directory`.

    Args:
        scale, zero_point: of the network's int8 input, real = scale (int8 - zero_point).

    Raises:
        ConfigurationError: the parameters or the scale ask for what integer features cannot do.
    """
    source = Source()
    source.array("mn_sqrt_table", sqrt_table(), static=False)
    source.array("mn_log2_table", log2_table(), static=False)
    if isinstance(parameters, MfccParameters):
        mfcc = mfcc_tables(parameters)
        name, frame, rows, values = "mfcc", mfcc.frame, mfcc.frames, mfcc.coefficients
        description = _mfcc(source, mfcc, mfcc.quantiser(scale, zero_point))
        state = _MFCC_STATE
        sizes = {"WINDOW_HOPS": mfcc.window_hops}
    else:
        log_mel = log_mel_tables(parameters)
        name, frame, rows, values = "log_mel", log_mel.frame, log_mel.rows, log_mel.columns
        description = _log_mel(source, log_mel, log_mel.quantiser(scale, zero_point))
        state = _LOG_MEL_STATE
        sizes = {}
    sizes |= {"HISTORY_SAMPLES": frame.history_samples, "FRAME_HOPS": frame.frame_hops, "WORK": frame.fft.fft_samples}
    write_text(
        directory / "mn_features.h", _HEADER.format(name=name, hop=frame.hop_samples, frames=rows, values=values)
    )
    write_text(
        directory / "mn_features.c",
        _BODY.format(
            name=name,
            constants="\n".join(source.parts),
            description=description,
            sizes="\n".join(f"    {key} = {value}," for key, value in sizes.items()),
            state=state,
        ),
    )
    library = _FIRMWARE / "features"
    return FeatureSources(
        name=name,
        sources=(directory / "mn_features.c", library / f"{name}.c", *(library / file for file in _LIBRARY)),
        include_directories=(directory, library, _FIRMWARE / "include"),
        hop_samples=frame.hop_samples,
        frames=rows,
        values=values,
    )


def _pairs(values: np.ndarray) -> np.ndarray:
    """Pairs of int16 (count, 2) as words, the first below."""
    return np.ascontiguousarray(values.reshape(-1, 2), np.int16).view(np.uint32).reshape(-1)


def _frame(source: Source, frame: FrameTables) -> dict:
    fft, mel = frame.fft, frame.mel
    return {
        "fft": {
            "size": fft.size,
            "first_radix": fft.first_radix,
            "window_pairs": frame.window_samples // 2,
            "fraction_bits": fft.fraction_bits,
            "window": source.array("window", _pairs(fft.window)),
            "order": source.array("order", fft.order.astype(np.uint8)),
            "twiddles": source.array("twiddles", _pairs(fft.twiddles)),
            "split": source.array("split", _pairs(fft.split_twiddles)),
        },
        "mel": {
            "bands": frame.bands,
            "first_bin": mel.first_bin,
            "counts": source.array("counts", mel.counts.astype(np.uint16)),
            "rising": source.array("rising", mel.rising),
            "log_offsets": source.array("log_offsets", frame.log_offsets),
            "log_floor": frame.log_floor,
        },
        "hop_samples": frame.hop_samples,
        "history_samples": frame.history_samples,
        "frame_hops": frame.frame_hops,
    }


def _quantiser(quantiser: Quantiser) -> dict:
    return vars(quantiser)


def _mfcc(source: Source, tables: MfccTables, quantiser: Quantiser) -> str:
    fields = {
        "frame": _frame(source, tables.frame),
        "quantiser": _quantiser(quantiser),
        "frames": tables.frames,
        "coefficients": tables.coefficients,
        "window_hops": tables.window_hops,
        "dct": source.array("dct", tables.dct),
        "dct_scale": tables.dct_scale,
        "peak_scale": tables.peak_scale,
        "silent_value": tables.silent_value,
    }
    return source.description("mn_mfcc", "features", fields)


def _log_mel(source: Source, tables: LogMelTables, quantiser: Quantiser) -> str:
    fields = {
        "frame": _frame(source, tables.frame),
        "quantiser": _quantiser(quantiser),
        "rows": tables.rows,
        "columns": tables.columns,
        "pooling": tables.pooling,
        "level": tables.level,
    }
    return source.description("mn_log_mel", "features", fields)


_FRAME_STATE = ".frame = {.history = history, .peaks = frame_peaks, .work = work}"
_MFCC_STATE = f"""static int16_t coefficients[MN_FEATURES_FRAMES * MN_FEATURES_VALUES];
static uint16_t peaks[WINDOW_HOPS];
static struct mn_mfcc_state state = {{
    {_FRAME_STATE}, .coefficients = coefficients, .peaks = peaks}};"""
_LOG_MEL_STATE = f"""static int32_t sums[MN_FEATURES_VALUES];
static int8_t rows[MN_FEATURES_FRAMES * MN_FEATURES_VALUES];
static struct mn_log_mel_state state = {{
    {_FRAME_STATE}, .sums = sums, .rows = rows}};"""

_HEADER = """/* Features of audio for one network. Generated; change the parameters, not this file. */
#ifndef MN_FEATURES_H
#define MN_FEATURES_H

#include <stdint.h>

/* "{name}": int16 samples of a hop; frames of a window, and values of a frame */
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

_BODY = """/* Features of audio for one network. Generated; change the parameters, not this file. */
#include "mn_features.h"

#include "features_arithmetic.h"
#include "{name}.h"

enum
{{
{sizes}
}};

{constants}
static int16_t history[HISTORY_SAMPLES + 1];
static uint16_t frame_peaks[FRAME_HOPS];
static int32_t work[WORK];
{state}

void mn_features_reset(void)
{{
    mn_{name}_reset({description}, &state);
}}

int mn_features_push(const int16_t samples[MN_FEATURES_HOP_SAMPLES])
{{
    return mn_{name}_push({description}, &state, samples);
}}

void mn_features_window(int8_t *input)
{{
    mn_{name}_window({description}, &state, input);
}}
"""
