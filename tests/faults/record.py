"""What came of every case, kept line by line, so that a campaign that was stopped goes on."""

import datetime
import json
import shutil
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One fault.

    Attributes:
        part: heading that it stands under.
        name: what is done.
        run: puts the fault in, in a folder of its own that does not exist yet; returns what came of it, and raises
            where that is not what must come of it.
    """

    part: str
    name: str
    run: Callable[[Path], str]


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    part: str
    name: str
    outcome: str
    held: bool
    date: str
    seconds: float


class Record:
    """Outcomes in a file of JSON lines; of a case that was run again the last one counts."""

    def __init__(self, path: Path):
        self._path = path
        self._ignored: set[tuple[str, str]] = set()
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self._read()

    def _read(self) -> None:
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                outcome = Outcome(**json.loads(line))
                self.outcomes[outcome.part, outcome.name] = outcome

    def ignore(self, case: Case) -> None:
        """Has a case count as not run yet."""
        self._ignored.add((case.part, case.name))

    def add(self, outcome: Outcome) -> None:
        """Keeps it, on disk as well."""
        self._ignored.discard((outcome.part, outcome.name))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(outcome)) + "\n")
        self._read()

    def of(self, cases: Iterable[Case]) -> list[Outcome]:
        """Outcomes of the cases that were run, in their order."""
        found = (self.outcomes.get((case.part, case.name)) for case in cases)
        return [outcome for outcome in found if outcome is not None]

    def has(self, case: Case) -> bool:
        """Whether it was run and held, maybe by another process meanwhile."""
        self._read()
        if (case.part, case.name) in self._ignored:
            return False
        found = self.outcomes.get((case.part, case.name))
        return found is not None and found.held


def run_cases(cases: Iterable[Case], record: Record, folder: Path) -> None:
    """Runs the cases that have not held yet, each in a folder that goes again where it held."""
    cases = list(cases)
    folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases, 1):
        mark = f"[{number}/{len(cases)}] {case.part}: {case.name}"
        if record.has(case):
            continue
        print(f"{mark} ...", flush=True)
        place = folder / "case"
        shutil.rmtree(place, ignore_errors=True)
        start, held = time.monotonic(), True
        try:
            outcome = case.run(place)
        except Exception as error:
            outcome, held = f"{type(error).__name__}: {error}", False
            with open(folder / "failures.txt", "a", encoding="utf-8") as stream:
                stream.write(f"{mark}\n{traceback.format_exc()}\n")
        today = datetime.date.today().isoformat()
        record.add(Outcome(case.part, case.name, outcome, held, today, round(time.monotonic() - start, 1)))
        print(f"{mark}: {'held' if held else 'FAILED'}: {outcome[:300]}", flush=True)
