"""`python -m tests.recorded_costs [MODEL ...]`: measures anew what models cost, and writes `recorded_costs.csv`.

Counts are exact, so that any change of compiler or kernels shows there; `firmware/test_recorded_costs.py` holds every
model to its record, which may be exceeded by 1 %. Models are published networks with random weights, and files of
`../shared/models` where that is there; without it, their rows stay as they are, as do those of models not named.
"""

import argparse
import csv
import io
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from micronets.atomic import write_text
from micronets.boards import find_board
from micronets.errors import BuildError, ConfigurationError, MicronetsError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.linking.toolchain import run_tool
from micronets.profile.model import profile_model
from micronets.progress import track
from micronets.published import published_architecture

logger = logging.getLogger(__name__)

RECORD = Path(__file__).with_name("recorded_costs.csv")
SHARED_MODELS = Path(__file__).parents[2] / "shared" / "models"
M4_BOARD, M55_BOARD = "nucleo-l4r5zi", "corstone-300"
_PUBLISHED = (
    "ds-cnn-s",
    "ds-cnn-1d",
    "micronet-kws-s",
    "micronet-vww-2",
    "mobilenet-v1-025",
    "fc-ae",
    "conv-ae-small",
    "resnet-8",
)
_LARGE = ("micronet-kws-l", "micronet-vww-3", "micronet-vww-4", "micronet-ad-m", "micronet-ad-l")
"""For these TensorFlow Lite Micro's interpreter takes longer than all else; their kernels are compared elsewhere."""
_FILES = (
    "kws_ref_model.tflite",
    "vww_96_int8.tflite",
    "ad01_int8.tflite",
    "kws_micronet_s.tflite",
    "kws_micronet_m.tflite",
    "vww2_50_50_INT8.tflite",
    "ad_small_int8.tflite",
)
OPTIMISED = (*_FILES, "resnet-8")
"""Recorded on the Cortex-M4 for every value of `optimise`."""
Key = tuple[str, str, str]
MODELS: tuple[Key, ...] = (
    *((name, board, "balanced") for name in _PUBLISHED for board in (M4_BOARD, M55_BOARD)),
    *((name, M4_BOARD, "balanced") for name in (*_FILES, *_LARGE)),
    *((name, M4_BOARD, optimise) for name in OPTIMISED for optimise in ("speed", "size")),
)
"""Of the name of a published network, or of a file in `SHARED_MODELS`, of a board, and of `optimise`."""

ALLOWED_RISE = 0.01
_SEED = 1
_HEAD = "# arm-none-eabi-gcc "


@dataclass(frozen=True)
class Costs:
    """One model on one board, on one input; `cycles` are 0 where there is no model for them."""

    model: str
    board: str
    optimise: str
    instructions: int
    cycles: int
    network_ram_bytes: int
    code_bytes: int
    constant_bytes: int

    @property
    def key(self) -> Key:
        return self.model, self.board, self.optimise


FIGURES = tuple(field.name for field in fields(Costs) if field.type is int)


def measure_costs(model: str, board_name: str, optimise: str) -> Costs:
    """Builds and runs one of `MODELS`; raises MicronetsError where that fails, or where an output is not TFLM's."""
    board = find_board(board_name)
    with tempfile.TemporaryDirectory() as scratch:
        tflite = SHARED_MODELS / model
        if not model.endswith(".tflite"):
            tflite = Path(scratch) / f"{model}.tflite"
            write_tflite(random_network(published_architecture(model), _SEED), tflite)
        compare = model not in _LARGE
        profile = profile_model(tflite, board, Path(scratch) / "out", optimise=optimise, inputs=1, compare=compare)
    if profile.different_outputs:
        raise BuildError(f"{model} gives other outputs than TensorFlow Lite Micro on {board_name}.")
    firmware = profile.firmware
    return Costs(
        model=model,
        board=board_name,
        optimise=optimise,
        instructions=profile.instructions[0],
        cycles=round(profile.cycles or 0),
        network_ram_bytes=firmware.linked_ram_bytes.network,
        code_bytes=firmware.flash_bytes.network_code,
        constant_bytes=firmware.flash_bytes.network_constants,
    )


def find_regressions(recorded: Costs, measured: Costs) -> list[str]:
    """A phrase for every figure that has risen by more than `ALLOWED_RISE`."""
    before, now = asdict(recorded), asdict(measured)
    return [
        f"{name} of {', '.join(recorded.key)} rose from {before[name]:,} to {now[name]:,}"
        for name in FIGURES
        if now[name] > before[name] * (1 + ALLOWED_RISE)
    ]


def c_compiler() -> str:
    """The version that the figures belong to: another one makes other programs of the same C."""
    return run_tool("arm-none-eabi-gcc", ["-dumpfullversion"]).strip()


def read_record(path: Path = RECORD) -> tuple[str, list[Costs]]:
    """The version of the C compiler, and the costs; raises ConfigurationError where the file is damaged."""
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        rows = [
            Costs(row["model"], row["board"], row["optimise"], **{name: int(row[name]) for name in FIGURES})
            for row in csv.DictReader(lines)
        ]
        return head.removeprefix(_HEAD), rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is damaged near {error!r}; restore it, or write it anew: python -m tests.recorded_costs"
        ) from error


def write_record(compiler: str, costs: Sequence[Costs], path: Path = RECORD) -> None:
    """One row for each of `costs`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "board", "optimise", *FIGURES])
    writer.writerows(map(astuple, costs))
    write_text(path, f"{_HEAD}{compiler}\n{text.getvalue()}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.recorded_costs", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="only these")
    named = parser.parse_args(arguments).models
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        recorded = {row.key: row for row in read_record()[1]} if RECORD.exists() else {}
        costs = {key: recorded[key] for key in MODELS if key in recorded}
        for key in track(MODELS, logger, "models", total=len(MODELS)):
            model, *_ = key
            if named and model not in named:
                continue
            if model.endswith(".tflite") and not (SHARED_MODELS / model).is_file():
                logger.info("%s is not there; its row stays as it is", SHARED_MODELS / model)
                continue
            costs[key] = measure_costs(*key)
            for phrase in find_regressions(recorded.get(key, costs[key]), costs[key]):
                print(phrase)
            write_record(c_compiler(), [costs[known] for known in MODELS if known in costs])
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(costs)} rows in {RECORD}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
