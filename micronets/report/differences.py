"""Two finished results side by side: what differs in scores, costs and layers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from micronets.errors import ConfigurationError
from micronets.report.sources import readable_layer
from micronets.runtime import MICRONETS, build_name

_SCORE = re.compile(r"(float|int8|litert)_(\w+)_percent")
_ARITHMETICS = {"litert": "LiteRT"}
_COSTS = {
    "estimated_latency_ms": "latency, ms (estimated)",
    "measured_latency_ms": "latency, ms (measured)",
    "instructions": "instructions",
    "macs": "multiply-accumulates",
    "ram_bytes": "RAM, bytes",
    "arena_bytes": "arena, bytes",
    "flash_bytes": "flash, bytes",
    "flash_weights_bytes": "flash for weights, bytes",
    "flash_code_bytes": "flash for code, bytes",
    "estimated_energy_mj": "energy, mJ (estimated)",
    "tflite_bytes": ".tflite, bytes",
    "equal_outputs": "outputs equal to TFLM's",
}


@dataclass(frozen=True)
class Figure:
    """One figure on both sides; None where that side has none.

    Attributes:
        distinct: of scores, whether their 95 % intervals are apart; None of other figures, and where one is missing.
    """

    name: str
    a: float | None
    b: float | None
    distinct: bool | None = None

    @property
    def difference(self) -> float | None:
        """b less a; of scores in percentage points."""
        return None if self.a is None or self.b is None else self.b - self.a

    @property
    def ratio(self) -> float | None:
        """b divided by a; None of scores, and where a is 0."""
        is_score = self.name.startswith("score")
        return None if is_score or self.b is None or not self.a else self.b / self.a


@dataclass(frozen=True)
class Pair:
    """A model on one board with one runtime, on both sides.

    Attributes:
        name: the model's; where the two sides are models of different names, both.
        layers: columns `layer`, `a` and `b` (instructions of one inference), in the order of execution; empty where the
            two networks have different layers.
    """

    task: str
    name: str
    board: str
    runtime: str
    figures: tuple[Figure, ...]
    layers: pd.DataFrame

    @property
    def title(self) -> str:
        """In headings."""
        return f"{self.name} on {self.board}" + ("" if self.runtime == MICRONETS else " with TFLM")


@dataclass(frozen=True)
class Differences:
    """What two sides have in common, and what one of them has alone: titles of the builds."""

    pairs: tuple[Pair, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    """A line of a summary, with the folder of its model."""

    task: str
    figures: pd.Series
    model_folder: Path

    @property
    def build(self) -> tuple[str, str]:
        return str(self.figures["board"]), str(self.figures["runtime"])

    @property
    def title(self) -> str:
        board, runtime = self.build
        return f"{self.task} {self.figures['model']} on {board}" + ("" if runtime == MICRONETS else " with TFLM")


def compare(a: Path, b: Path) -> Differences:
    """Compares two results folders model by model, or two models' folders in them, which may have different names.

    Raises:
        ConfigurationError: a folder holds no finished report, one is a model's and the other is not, or they have no
            model, board and runtime in common; the sentence names them.
    """
    (rows_a, is_model), (rows_b, other_is_model) = _read(Path(a)), _read(Path(b))
    if is_model != other_is_model:
        raise ConfigurationError(f"{a} and {b} are a model's folder and a results folder; give two of one kind.")
    if is_model and (tasks := {row.task for row in (*rows_a, *rows_b)}) and len(tasks) > 1:
        raise ConfigurationError(f"{a} and {b} are models of different tasks ({', '.join(sorted(tasks))}).")
    keys_a, keys_b = ({_key(row, is_model): row for row in rows} for rows in (rows_a, rows_b))
    common = [key for key in keys_a if key in keys_b]
    if not common:
        raise ConfigurationError(f"{a} and {b} have no model, board and runtime in common; nothing can be compared.")
    return Differences(
        tuple(_pair(keys_a[key], keys_b[key]) for key in common),
        tuple(row.title for key, row in keys_a.items() if key not in keys_b),
        tuple(row.title for key, row in keys_b.items() if key not in keys_a),
    )


def _key(row: _Row, is_model: bool) -> tuple[str, ...]:
    return row.build if is_model else (row.task, str(row.figures["model"]), *row.build)


def _read(folder: Path) -> tuple[list[_Row], bool]:
    """The lines of its summaries, and whether it is the folder of one model."""
    own = folder.parent / "report" / "summary.csv"
    if own.is_file() and not list(folder.glob("*/report/summary.csv")):
        rows = [row for row in _rows(own) if row.figures["model"] == folder.name]
        if rows:
            return rows, True
    rows = [row for path in sorted(folder.glob("*/report/summary.csv")) for row in _rows(path)]
    if not rows:
        raise ConfigurationError(
            f"{folder} holds no finished report; give a results folder, or a model's folder in one (results/kws/mine)."
        )
    return rows, False


def _rows(path: Path) -> Iterator[_Row]:
    task_folder = path.parent.parent
    try:
        table = pd.read_csv(path)
        for _, figures in table.iterrows():
            yield _Row(task_folder.name, figures, task_folder / str(figures["model"]))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{path} is damaged ({error}); run the workflow again.") from error


def _pair(a: _Row, b: _Row) -> Pair:
    names = dict.fromkeys((str(a.figures["model"]), str(b.figures["model"])))
    board, runtime = a.build
    return Pair(a.task, " → ".join(names), board, runtime, tuple(_figures(a.figures, b.figures)), _layers(a, b))


def _figures(a: pd.Series, b: pd.Series) -> Iterator[Figure]:
    for column in dict.fromkeys((*a.index, *b.index)):
        match = _SCORE.fullmatch(column)
        if match is not None:
            ends = [_number(side, f"{column}_{end}") for side in (a, b) for end in ("low", "high")]
            name = f"score {_ARITHMETICS.get(match[1], match[1])}, % ({match[2]})"
        elif column in _COSTS:
            ends, name = [None], _COSTS[column]
        else:
            continue
        figure = Figure(name, _number(a, column), _number(b, column), _apart(ends))
        if figure.a is not None or figure.b is not None:
            yield figure


def _apart(ends: list[float | None]) -> bool | None:
    """Whether two intervals, low and high of a and of b, have nothing in common."""
    low_a, high_a, low_b, high_b = ends if len(ends) == 4 else [None] * 4
    if low_a is None or high_a is None or low_b is None or high_b is None:
        return None
    return high_a < low_b or high_b < low_a


def _number(side: pd.Series, column: str) -> float | None:
    value = side.get(column)
    return None if value is None or pd.isna(value) else float(value)


def _layers(a: _Row, b: _Row) -> pd.DataFrame:
    tables = []
    for row in (a, b):
        path = row.model_folder / build_name(*row.build) / "profile" / "layers.csv"
        if not path.is_file():
            return pd.DataFrame(columns=["layer", "a", "b"])
        tables.append(pd.read_csv(path))
    first, second = tables
    if first["layer"].tolist() != second["layer"].tolist():
        return pd.DataFrame(columns=["layer", "a", "b"])
    names = [readable_layer(name) for name in first["layer"]]
    return pd.DataFrame({"layer": names, "a": first["instructions"], "b": second["instructions"]})
