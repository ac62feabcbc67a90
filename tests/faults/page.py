"""Writes docs/reliability.md from what came of all cases."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from tests.faults.record import Case, Outcome
from tests.faults.small_run import REPOSITORY

HEADER = "| case | outcome | date |"
_INTRODUCTION = """# Reliability

What was broken on purpose, and what came of it. `make faults` does it all again and writes this page; it goes on from
where it was stopped, `make faults FAULTS="--kills 16"` is shorter, and `FAULTS="--parts files tools"` runs some parts
alone. It needs `strace`, and `unshare` for disks that are full or read-only; nothing outside of its folder is changed.
Where a case ends in a sentence, the sentence is given as it was printed, last of all but for the names of the logs;
machinery (`Traceback`, `RuleException`, `CalledProcessError`, `WorkflowError`) must not be in what was printed.

"""
_ABOUT = {
    "Kills": "SIGKILL to the whole process group, to the workflow alone, or to one of its processes, drawn from a "
    "seed: up to 8 s after the first job's start, some before. After the last kill of a line the run is left to end; "
    "networks, firmware, profiles and the table must then equal those of an undisturbed run byte for byte.",
    "Mutations": "One fault at a time in a copy of the code (`tests/faults/mutations.yaml`); the named test must fail, "
    "and passes without it.",
    "Held by tests": "Cases that tests of `make test` hold; here each was run once more.",
}
_ORDER = (
    "Kills",
    "Damaged files",
    "Deleted files",
    "The machine",
    "Compiler and emulator",
    "Connections",
    "Held by tests",
    "Mutations",
)


def write_page(outcomes: Iterable[Outcome], cases: Iterable[Case], path: Path) -> None:
    """One table for each part, failures marked; what of the cases has not been run is counted."""
    outcomes = sorted(outcomes, key=lambda outcome: _ORDER.index(outcome.part))
    held = sum(outcome.held for outcome in outcomes)
    text = [_INTRODUCTION, f"{held} of {len(outcomes)} cases held.\n"]
    run = {(outcome.part, outcome.name) for outcome in outcomes}
    missing = Counter(case.part for case in cases if (case.part, case.name) not in run)
    if missing:
        parts = ", ".join(f"{count} of {part}" for part, count in missing.items())
        text.append(f"\n{missing.total()} further cases have not been run yet: {parts}.\n")
    for part, group in groupby(outcomes, key=lambda outcome: outcome.part):
        about = f"{_ABOUT[part]}\n\n" if part in _ABOUT else ""
        text.append(f"\n## {part}\n\n{about}{HEADER}\n|---|---|---|\n")
        for outcome in group:
            mark = "" if outcome.held else "**FAILED** "
            text.append(f"| {_cell(outcome.name)} | {mark}{_cell(outcome.outcome)} | {outcome.date} |\n")
    path.write_text("".join(text), encoding="utf-8")


def _cell(text: str) -> str:
    """In one line, without what ends a cell, and without the place where it was run."""
    line = " ".join(text.split()).replace("|", "\\|").replace(f"{REPOSITORY}/", "")
    return re.sub(r"(/[\w.-]+)+/(case|undisturbed)/?", "", line)[:600]
