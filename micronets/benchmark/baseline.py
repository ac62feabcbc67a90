"""TensorFlow Lite Micro measured in the same run as our compiler, where its library is there."""

import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micronets.benchmark.peers import PeerFigures
from micronets.boards import Board
from micronets.errors import BuildError, ConfigurationError, ModelError
from micronets.profile.model import profile_model
from micronets.profile.result import Profile
from micronets.tflm import TflmLibrary
from micronets.tflm.flash_parts import FLASH_PARTS

logger = logging.getLogger(__name__)

BASELINE = "TFLM + CMSIS-NN"
BASELINE_COLUMNS = (
    "baseline_instructions",
    "baseline_m55_instructions",
    "baseline_arena_bytes",
    "baseline_flash_bytes",
    *(f"baseline_flash_{part}_bytes" for part in FLASH_PARTS),
    "baseline_different_outputs",
)
"""What is known of it beside `PeerFigures`; None where its shipped figures stand in the table."""

_NOTE = (
    "Flash is the model, and what the network needs of the library and of the C library (newlib-nano); ours is "
    "constants and code. RAM is all static data, the stack apart. Outputs: whether they are the reference kernels'."
)

Libraries = Mapping[str, TflmLibrary]
"""By core."""


@dataclass(frozen=True)
class Baseline:
    """One model on TensorFlow Lite Micro.

    Attributes:
        profile: on the board that latencies are compared on.
        m55_instructions: None without a library for a Cortex-M55, or where the model does not fit that board.
    """

    profile: Profile
    m55_instructions: int | None

    @property
    def figures(self) -> PeerFigures:
        """As other runtimes' are given; RAM is all that the network takes, without the stack, as ours."""
        firmware = self.profile.firmware
        return PeerFigures(
            latency_ms=round(self.profile.latency_ms or 0.0, 3),
            kind="estimated",
            network_ram_bytes=firmware.linked_ram_bytes.network,
            flash_bytes=firmware.flash_bytes.network,
            m4_instructions=self.profile.instructions[0],
            m55_instructions=self.m55_instructions,
        )

    def columns(self) -> dict[str, Any]:
        """Values by `BASELINE_COLUMNS`."""
        firmware = self.profile.firmware
        return {
            "baseline_instructions": self.profile.instructions[0],
            "baseline_m55_instructions": self.m55_instructions,
            "baseline_arena_bytes": firmware.memory_plan.arena_bytes,
            "baseline_flash_bytes": firmware.flash_bytes.network,
            **{f"baseline_flash_{part}_bytes": firmware.flash_parts.get(part, 0) for part in FLASH_PARTS},
            "baseline_different_outputs": self.profile.different_outputs,
        }


def find_libraries(library: str, include: str, cores: Iterable[str]) -> Libraries:
    """The libraries of those of `cores` that there is one for, see `TflmLibrary.find`; says which have none.

    Raises ConfigurationError where no core has one.
    """
    found: dict[str, TflmLibrary] = {}
    refusals: list[tuple[str, ConfigurationError]] = []
    for core in dict.fromkeys(cores):
        try:
            found[core] = TflmLibrary.find(library, include, core)
        except ConfigurationError as error:
            refusals.append((core, error))
    if not found:
        raise refusals[0][1]
    for core, refusal in refusals:
        logger.info("TensorFlow Lite Micro is not measured on a %s: %s", core, refusal)
    return found


def measure_baseline(tflite: Path, libraries: Libraries, boards: Sequence[Board], optimise: str) -> Baseline | None:
    """Runs a model on the first board, and on the second, if any, where it fits.

    None, with a line in the log, where the first board's core has no library, or TensorFlow Lite Micro does not run the
    model there.
    """
    profiles = []
    with tempfile.TemporaryDirectory() as scratch:
        for inputs, board in zip((3, 1), boards, strict=False):
            if board.core not in libraries:
                break
            folder, library = Path(scratch) / board.name, libraries[board.core]
            try:
                profiles.append(profile_model(tflite, board, folder, optimise=optimise, inputs=inputs, library=library))
            except (ModelError, BuildError) as error:
                logger.warning("TensorFlow Lite Micro is not measured on %s: %s", board.name, error)
                break
    if not profiles:
        return None
    return Baseline(profiles[0], profiles[1].instructions[0] if len(profiles) > 1 else None)


def describe_libraries(libraries: Libraries) -> str:
    """What was measured: libraries with their kernels, what their figures hold."""
    lines = [
        f"{core}: {library.library}, {'with CMSIS-NN' if library.has_cmsis_nn() else 'without CMSIS-NN'}"
        for core, library in libraries.items()
    ]
    return "\n".join([*lines, _NOTE])


def format_baseline(rows: Sequence[Mapping[str, Any]]) -> str:
    """Flash by what it is for, RAM and instructions of TensorFlow Lite Micro, as text; empty where it did not run."""
    heads = ("TFLM, this run", "ms*", "instr.", "flash", *(part.replace("_", " ") for part in FLASH_PARTS),
             "ours", "ratio", "RAM", "arena", "M55 instr.", "outputs")  # fmt: skip
    lines = [heads]
    for row in rows:
        if row["baseline_instructions"] is None:
            continue
        ours = row["code_bytes"] + row["constant_bytes"]
        different = row["baseline_different_outputs"]
        lines.append(
            (
                str(row["model"]),
                f"{row['baseline_ms']:.2f}",
                f"{row['baseline_instructions']:,}",
                f"{row['baseline_flash_bytes']:,}",
                *(f"{row[f'baseline_flash_{part}_bytes']:,}" for part in FLASH_PARTS),
                f"{ours:,}",
                f"{ours / row['baseline_flash_bytes']:.2f}",
                f"{row['baseline_network_ram_bytes']:,}",
                f"{row['baseline_arena_bytes']:,}",
                "-" if row["baseline_m55_instructions"] is None else f"{row['baseline_m55_instructions']:,}",
                "-" if different is None else "reference" if different == 0 else f"{different} differ",
            )
        )
    if len(lines) == 1:
        return ""
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
