"""Table 4: the score of every network, what it takes of memory and time, and the same found here."""

from collections.abc import Callable

from micronets.paper import reasons
from micronets.paper.cells import HERE_LINE, Cell, Line, Row, Table, measured, missing, of_paper
from micronets.paper.costs import BuiltCosts, NetworkCosts
from micronets.paper.figures import Paper, PaperNetwork
from micronets.paper.here import Here
from micronets.paper.network_cells import (
    energy_cell,
    estimate_cell,
    latency_cell,
    merit_cell,
    score_cell,
    score_reason,
    with_reasons,
)
from micronets.published import PUBLISHED
from micronets.report.records import Build, Model
from micronets.runtime import MICRONETS

TITLES = {"kws": "Keyword spotting", "vww": "Visual wake words", "ad": "Anomaly detection"}
_SCORES = {"kws": "accuracy", "vww": "accuracy", "ad": "AUC"}
_ENERGY_BOARDS = ("S", "M")


def results_table(paper: Paper, here: Here, task: str) -> Table:
    """The networks of one task as the paper names them, then those that were searched or trained here besides."""
    letters = [board.letter for board in paper.boards]
    columns = (
        (_SCORES[task], "%"),
        ("program", "kB"),
        ("model", ".tflite, kB"),
        ("SRAM", "kB"),
        ("operations", "M"),
        *((f"latency on {letter}", "ms") for letter in letters),
        *((f"energy on {letter}", "mJ") for letter in _ENERGY_BOARDS),
    )
    rows = [_named_row(paper, here, network) for network in paper.of_task(task)]
    named = {network.name for network in paper.of_task(task)}
    models = here.results[task].models if task in here.results else ()
    rows += [_own_row(paper, here, task, model) for model in models if model.name not in named]
    return Table(f"results-{task}", f"{TITLES[task]}: every network", "Table 4", columns, tuple(rows), _remarks(paper))


def _remarks(paper: Paper) -> tuple[str, ...]:
    boards = ", ".join(f"{board.letter} is {board.board}" for board in paper.boards)
    return (
        f"{boards}. Program and SRAM of networks known by name are those of the smallest board they fit; all their "
        "costs are of random weights, since the shape decides them, compiled, linked and run on the emulator with "
        "outputs equal to TensorFlow Lite Micro's.",
        "Program: everything in flash. SRAM: the paper's is TFLM's arena; here all static data of the network, beneath "
        "it TFLM's arena for the same file on this machine, whose pointers are twice as long. Operations as the paper "
        "counts them, beneath with real map sizes.",
    )


def _named_row(paper: Paper, here: Here, network: PaperNetwork) -> Row:
    papers = _paper_cells(paper, network)
    why = [_reason(here, network, name) for name, _ in _names(paper)]
    ours = with_reasons(here, network.task, _our_cells(paper, here, network), papers, why)
    return Row.beside(network.title, network.place if network.place != "Table 4" else "", papers, ours)


def _names(paper: Paper) -> list[tuple[str, str]]:
    """Kind of figure, and its board, of every column."""
    latencies = [("latency", board.letter) for board in paper.boards]
    plain = ("score", "program", "model", "sram", "operations")
    return [*((name, "") for name in plain), *latencies, *(("energy", letter) for letter in _ENERGY_BOARDS)]


def _reason(here: Here, network: PaperNetwork, column: str) -> str:
    """Why our figure differs."""
    if column == "score":
        return score_reason(here, network)
    return {
        "program": reasons.PROGRAM,
        "model": reasons.MODEL,
        "sram": reasons.ARENA,
        "operations": reasons.OPERATIONS,
        "latency": reasons.LATENCY,
        "energy": reasons.ENERGY,
    }[column]


def _paper_cells(paper: Paper, network: PaperNetwork) -> list[Cell]:
    def cell(key: str) -> Cell:
        value = getattr(network, key)
        if value is None:
            return missing(reasons.NOT_PUBLISHED)
        return of_paper(value, f"{value:g}", is_estimate=network.is_estimate(key))

    cells = [cell(key) for key in ("accuracy_percent", "binary_kb", "tflite_kb", "sram_kb", "mops")]
    for board in paper.boards:
        seconds = network.latency_s.get(board.board)
        cells.append(
            missing(reasons.NOT_DEPLOYED)
            if seconds is None
            else of_paper(
                1e3 * seconds, f"{1e3 * seconds:g}", is_estimate=network.is_estimate("latency_s", board.board)
            )
        )
    for letter in _ENERGY_BOARDS:
        energy_mj = network.energy_mj.get(paper.board(letter))
        cells.append(missing(reasons.NOT_DEPLOYED) if energy_mj is None else of_paper(energy_mj, f"{energy_mj:g}"))
    return cells


def _our_cells(paper: Paper, here: Here, network: PaperNetwork) -> list[Cell]:
    score = score_cell(here, network)
    found = {board.letter: here.costs.get((network.name, board.board)) for board in paper.boards}
    known = [costs for costs in found.values() if costs is not None]
    if not known:
        return [score, *[missing(network.unknown or reasons.NOT_TRAINED)] * (len(_names(paper)) - 1)]
    first = known[0]
    smallest = next(((letter, costs.built) for letter, costs in found.items() if costs and costs.built), None)
    refusal = missing(known[-1].refusal)
    program = (
        measured(smallest[1].program_flash_bytes / 1e3, detail=f"for {smallest[0]}")
        if smallest is not None
        else refusal
    )
    arena = f"TFLM, host: {first.tflm_arena_bytes / 1e3:,.1f}"
    sram = (
        measured(smallest[1].network_ram_bytes / 1e3, detail=f"for {smallest[0]}; {arena}")
        if smallest is not None
        else refusal
    )
    operations = measured(2 * first.paper_macs / 1e6, 2, detail=f"real sizes: {2 * first.macs / 1e6:.2f}")
    cells = [score, program, measured(first.tflite_bytes / 1e3), sram, operations]
    cells += [_built_cell(found[board.letter], latency_cell) for board in paper.boards]
    cells += [_built_cell(found[letter], energy_cell) for letter in _ENERGY_BOARDS]
    return cells


def _built_cell(costs: NetworkCosts | None, cell: Callable[[BuiltCosts], Cell]) -> Cell:
    if costs is None:
        return missing(reasons.NOT_TRAINED)
    return missing(costs.refusal) if costs.built is None else cell(costs.built)


def _own_row(paper: Paper, here: Here, task: str, model: Model) -> Row:
    """A network of this run that the paper does not have."""
    merit = model.merit
    score = missing(reasons.NOT_TRAINED) if merit is None else merit_cell(merit, here.data(task))
    builds = {build.board.name: build for build in model.builds if build.runtime == MICRONETS}
    by_letter = {board.letter: builds.get(board.board) for board in paper.boards}
    first = next((build for build in model.builds if build.runtime == MICRONETS and build.firmware), None)
    cells = [score]
    if first is None or first.firmware is None:
        cells += [missing("not built in this run")] * 3
    else:
        place = f"for {first.board.name}"
        tflite = model.export and model.export.tflite_bytes
        cells += [
            measured(first.firmware.flash_bytes / 1e3, detail=place),
            missing("not exported in this run") if tflite is None else measured(tflite / 1e3),
            measured(first.firmware.static_ram_bytes / 1e3, detail=f"{place}, with the program's own"),
        ]
    if model.costs is None:
        cells.append(missing("a file from elsewhere, whose layers are not known here"))
    else:
        detail = f"real sizes: {model.costs.ops / 1e6:.2f}"
        cells.append(measured(model.costs.paper_ops / 1e6, 2, detail=detail))
    cells += [_run_estimate(by_letter[board.letter], board.letter, "latency") for board in paper.boards]
    cells += [_run_estimate(by_letter[letter], letter, "energy") for letter in _ENERGY_BOARDS]
    if model.name in PUBLISHED:
        detail = "not in the paper"
    else:
        detail = here.budgets.get(task, {}).get(model.name, "")
    return Row(model.name, detail, (Line(f"{model.kind}, {HERE_LINE}", tuple(cells)),))


def _run_estimate(build: Build | None, letter: str, figure: str) -> Cell:
    if build is None:
        return missing(f"not built for {letter} in this run: the key boards does not name it")
    estimate = build.profile and build.profile.estimate
    if not estimate:
        return missing("not profiled in this run")
    if figure == "latency":
        return estimate_cell(estimate.latency_ms, estimate.mean_error_percent, "")
    return estimate_cell(estimate.energy_mj, estimate.energy_error_percent, reasons.POWER_UNKNOWN)
