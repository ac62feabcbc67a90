"""Writes the settings of a keyword spotter as C."""

from pathlib import Path

import numpy as np

from micronets.keyword_spotter.settings import DetectorSettings

_NUMBERS_PER_LINE = 16


def write_settings(directory: Path, settings: DetectorSettings, table: np.ndarray | None) -> tuple[Path, ...]:
    """Writes spotter_settings.h and spotter_settings.c; returns the C files.

    Args:
        table: exponentials where the network's outputs are logits (see `detector.posteriors`).
    """
    (directory / "spotter_settings.h").write_text(_header(settings, table is not None), encoding="utf-8")
    source = directory / "spotter_settings.c"
    source.write_text(_body(settings, table), encoding="utf-8")
    return (source,)


def _header(settings: DetectorSettings, logits: bool) -> str:
    return f"""/* Generated; the section spot of the configuration decides. */
#ifndef SPOTTER_SETTINGS_H
#define SPOTTER_SETTINGS_H

#include <stdint.h>

#define SPOTTER_CLASSES {len(settings.labels)}
#define SPOTTER_LOGITS {int(logits)}
#define SPOTTER_HOP_MS {settings.hop_ms}
#define SPOTTER_STEP_HOPS {settings.step_hops}
#define SPOTTER_WINDOW {settings.window}
#define SPOTTER_THRESHOLD {settings.threshold_sum}
#define SPOTTER_REFRACTORY {settings.refractory}

extern const char *const spotter_labels[SPOTTER_CLASSES];
extern const uint8_t spotter_is_keyword[SPOTTER_CLASSES];
#if SPOTTER_LOGITS
extern const uint16_t spotter_exponentials[256];
#endif

#endif
"""


def _body(settings: DetectorSettings, table: np.ndarray | None) -> str:
    labels = ", ".join(_text(label) for label in settings.labels)
    keywords = ", ".join(str(int(keyword)) for keyword in settings.keywords)
    parts = [
        '/* Generated; the section spot of the configuration decides. */\n#include "spotter_settings.h"\n',
        f"const char *const spotter_labels[SPOTTER_CLASSES] = {{ {labels} }};\n",
        f"const uint8_t spotter_is_keyword[SPOTTER_CLASSES] = {{ {keywords} }};\n",
    ]
    if table is not None:
        numbers = [str(number) for number in table.tolist()]
        rows = [", ".join(numbers[i : i + _NUMBERS_PER_LINE]) for i in range(0, len(numbers), _NUMBERS_PER_LINE)]
        parts.append(f"const uint16_t spotter_exponentials[256] = {{\n    {f',{chr(10)}    '.join(rows)}\n}};\n")
    return "\n".join(parts)


def _text(label: str) -> str:
    """A C string of any characters: what is no plain ASCII, and what C gives a meaning to, as octal bytes."""
    plain = {*map(chr, range(0x20, 0x7F))} - {'"', "\\", "?"}
    encoded = "".join(chr(byte) if chr(byte) in plain else f"\\{byte:03o}" for byte in label.encode())
    return f'"{encoded}"'
