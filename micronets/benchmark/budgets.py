"""Random budgets, and for each a network that keeps it as linked and emulated, or a sentence that none can."""

import csv
import io
import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import Lock

import numpy as np

import micronets
from micronets.architecture import Architecture, Shape
from micronets.atomic import write_text
from micronets.boards import Board
from micronets.checkpoint import Checkpoint, fingerprint
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.fit.measured import Measured, measure
from micronets.fit.rounds import run_rounds
from micronets.fit.targets import Limits
from micronets.fit.widths import choice_of, every_width
from micronets.progress import Progress
from micronets.search.backbones import Backbone, DsCnnBackbone, MobileNetV2Backbone, ResNetBackbone
from micronets.search.budget import Budget
from micronets.search.options import BudgetOptions
from micronets.search.planned_memory import with_planned_memory
from micronets.search.problem import budget_of, check_feasible
from micronets.search.sampling import Sampler
from micronets.search.space import Choice, SearchSpace, cheapest

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Family:
    """Networks of one backbone, for inputs of one shape."""

    backbone: Backbone
    input_shape: Shape
    classes: int


FAMILIES: Mapping[str, Family] = {
    "ds-cnn": Family(DsCnnBackbone(channels=140, blocks=6), (49, 10, 1), 12),
    "mobilenet-v2": Family(MobileNetV2Backbone(width=0.35), (64, 64, 1), 2),
    "resnet": Family(ResNetBackbone(channels=32), (32, 32, 3), 10),
}
FLASH_BYTES, RAM_BYTES, LATENCY_MS = (10_000, 150_000), (5_000, 60_000), (2.0, 60.0)
"""Least and greatest limits that are drawn, evenly in their logarithms."""


@dataclass(frozen=True)
class Row:
    """One budget and what came of it.

    Attributes:
        flash_bytes, network_ram_bytes, latency_ms: of the network; None where there is none, and `refusal` says why.
        mops: operations in millions.
        measured: networks that were compiled, linked and emulated.
        greatest_share: of a limit that is used.
    """

    number: int
    backbone: str
    flash_limit_bytes: int
    ram_limit_bytes: int
    latency_limit_ms: float
    flash_bytes: int | None = None
    network_ram_bytes: int | None = None
    latency_ms: float | None = None
    mops: float | None = None
    measured: int = 0
    greatest_share: float | None = None
    refusal: str = ""

    @property
    def keeps(self) -> bool:
        """Whether there is a network, and every figure is within its limit."""
        if self.flash_bytes is None or self.network_ram_bytes is None or self.latency_ms is None:
            return False
        return (
            self.flash_bytes <= self.flash_limit_bytes
            and self.network_ram_bytes <= self.ram_limit_bytes
            and self.latency_ms <= self.latency_limit_ms
        )


def run_budgets(
    directory: Path, board: Board, count: int, seed: int, optimise: str, processes: int, unfinished: Path
) -> list[Row]:
    """Draws `count` budgets, the families in turn, and a random network for each, which is then made to fit.

    `directory` gets `budgets.csv`. Interrupted and repeated, it goes on after the budgets that were finished.

    Args:
        seed: of budgets, networks and weights.
        processes: budgets worked on side by side; the figures do not depend on it.
        unfinished: file that keeps finished budgets until all are.

    Raises:
        ConfigurationError: the board has no table of layer costs.
        MicronetsError: a network cannot be compiled or run.
    """
    settled = {"board": asdict(board), "seed": seed, "optimise": optimise, "version": micronets.__version__}
    checkpoint = Checkpoint(unfinished, fingerprint(**settled))
    state = checkpoint.load()
    finished = {} if state is None else {entry["number"]: Row(**entry) for entry in state[1]["rows"]}
    done = sum(number < count for number in finished)
    progress, lock = Progress(logger, f"budgets on {board.name}", count, done), Lock()

    def work(number: int) -> None:
        row = _row(board, number, seed, optimise)
        with lock:
            finished[number] = row
            checkpoint.save({}, {"rows": [asdict(row) for row in finished.values()]})
            progress.advance()

    with ThreadPoolExecutor(processes) as pool:
        for _ in pool.map(work, [number for number in range(count) if number not in finished]):
            pass
    rows = [finished[number] for number in range(count)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(directory / "budgets.csv", text.getvalue())
    checkpoint.remove()
    return rows


def _row(board: Board, number: int, seed: int, optimise: str) -> Row:
    name = list(FAMILIES)[number % len(FAMILIES)]
    generator = np.random.default_rng((seed, number))
    flash_bytes, sram_bytes, latency_ms = (
        math.exp(generator.uniform(math.log(least), math.log(most)))
        for least, most in (FLASH_BYTES, RAM_BYTES, LATENCY_MS)
    )
    options = BudgetOptions(flash_bytes=int(flash_bytes), sram_bytes=int(sram_bytes), latency_ms=round(latency_ms, 3))
    row = Row(number, name, options.flash_bytes, options.sram_bytes, options.latency_ms)
    family = FAMILIES[name]
    budget = budget_of(board, options)
    space = family.backbone.space(family.input_shape, family.classes)
    limits = Limits(**asdict(options))

    def measured(architecture: Architecture, board: Board) -> Measured | None:
        return measure(architecture, board, seed + number, optimise=optimise, weight_bits=8)

    fine = every_width(space)
    try:
        choice = _first(space, fine, budget, board, seed + number, generator)
        rounds, kept = run_rounds(fine, budget, limits, [board], choice, f"{name}-{number:03d}", measured)
    except ConfigurationError as error:
        return Row(**{**asdict(row), "refusal": str(error)})
    found = rounds[kept]
    (on,) = found.boards
    assert on.measured is not None and on.targets is not None
    return Row(
        **{
            **asdict(row),
            "flash_bytes": on.measured.flash_bytes,
            "network_ram_bytes": on.measured.network_ram_bytes,
            "latency_ms": on.measured.latency_ms,
            "mops": round(costs(found.architecture).ops / 1e6, 3),
            "measured": len(rounds),
            "greatest_share": round(max(target.share for target in on.targets), 4),
        }
    )


def _first(
    space: SearchSpace, fine: SearchSpace, budget: Budget, board: Board, seed: int, generator: np.random.Generator
) -> Choice:
    """A random network that keeps the budget by its expected costs; the smallest where none does, since expected flash
    and latency may be more than small networks take. The choice is one of `fine`."""
    try:
        check_feasible(space, budget, [board])
        drawn = Sampler(space, with_planned_memory(space, budget, [board], seed), generator).draw()
    except ConfigurationError:
        return cheapest(fine)
    values = [decision.options[index] for decision, index in zip(space.decisions, drawn, strict=True)]
    return choice_of(fine, values)


def format_budgets(rows: Sequence[Row]) -> str:
    """By backbone: how many budgets are kept, how much of them is used, and what was said of the others."""
    lines = []
    for name in FAMILIES:
        own = [row for row in rows if row.backbone == name]
        keeping = [row for row in own if row.keeps]
        shares = [row.greatest_share for row in keeping if row.greatest_share is not None]
        used = f", using {np.mean(shares):.1%} of the tightest limit on average" if shares else ""
        counts = Counter(row.measured for row in keeping)
        rounds = ", ".join(f"{count} after {number}" for number, count in sorted(counts.items()))
        lines.append(
            f"{name:13} {len(keeping):3} of {len(own)} budgets are kept{used}; measurements: {rounds or 'none'}"
        )
        lines += [f"  {row.number:03d}: {row.refusal}" for row in own if row.refusal]
    broken = [row.number for row in rows if not row.keeps and not row.refusal]
    kept, refused = sum(row.keeps for row in rows), sum(bool(row.refusal) for row in rows)
    lines.append(
        f"{kept} networks keep their budget, {refused} budgets were refused with a sentence, {len(broken)} were broken"
        f"{f': {broken}' if broken else ''}."
    )
    return "\n".join(lines)
