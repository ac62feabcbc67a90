"""`python -m tests.faults`: puts faults into the small workflow, and writes what came of it to docs/reliability.md."""

import argparse
import sys
from pathlib import Path

from tests.faults.connections import connection_cases
from tests.faults.files import file_cases
from tests.faults.held import held_cases
from tests.faults.kills import kill_cases
from tests.faults.machine import machine_cases
from tests.faults.mutations import mutation_cases
from tests.faults.page import write_page
from tests.faults.record import Record, run_cases
from tests.faults.small_run import REPOSITORY, SmallRun
from tests.faults.tools import tool_cases

PARTS = ("files", "tools", "machine", "connections", "held", "mutations", "kills")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=102, help="how many kills (default: %(default)s)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="only these")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "results" / "faults", help="to work in")
    parser.add_argument(
        "--share", default="1/1", help="of several calls side by side: 1/2 and 2/2, each half the cases"
    )
    parser.add_argument("--again", action="store_true", help="run cases that have held before as well")
    options = parser.parse_args()
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    record = Record(folder / "outcomes.jsonl")
    small = SmallRun(folder / "undisturbed")
    if set(options.parts) - {"held", "mutations"}:
        print("The small workflow, undisturbed ...", flush=True)
        small.prepare()
    made = {
        "files": lambda: file_cases(small),
        "tools": lambda: tool_cases(small),
        "machine": lambda: machine_cases(small),
        "connections": lambda: connection_cases(small),
        "held": held_cases,
        "mutations": mutation_cases,
        "kills": lambda: kill_cases(small, options.kills),
    }
    everything = {part: made[part]() for part in PARTS}
    cases = [case for part in PARTS if part in options.parts for case in everything[part]]
    share, shares = map(int, options.share.split("/"))
    cases = cases[share - 1 :: shares]
    if options.again:
        for case in cases:
            record.ignore(case)
    try:
        run_cases(cases, record, folder / f"work-{'-'.join(options.parts)}-{share}")
    finally:
        known = [case for part in PARTS for case in everything[part]]
        write_page(Record(folder / "outcomes.jsonl").of(known), known, REPOSITORY / "docs" / "reliability.md")
    failed = [case for case in cases if not record.has(case)]
    print(f"{len(cases) - len(failed)} of {len(cases)} cases held; docs/reliability.md has the table.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
