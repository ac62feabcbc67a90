"""Everything behind the page of the paper, as small files with invented figures."""

import json
from pathlib import Path
from typing import Any

import pytest

from micronets.costs import costs
from micronets.paper.costs import BuiltCosts, NetworkCosts, named_architecture
from micronets.paper.figures import load_paper
from micronets.paper.here import Here, gather
from micronets.paper.plan import Plan, plan
from tests.unit.report.conftest import MODELS, ResultsFolder, fill, score

REFUSAL = "does not fit the board: invented"
S_FLASH_BYTES = 500_000


def costs_of(network: str, board: str, latency_ms: float = 100.0) -> NetworkCosts:
    """Of a network that fits the small board as long as its weights do; everything but its size is invented."""
    exact = costs(named_architecture(network))
    built = None
    if board != "nucleo-f446re" or exact.weights < S_FLASH_BYTES:
        power_w = {"nucleo-f446re": 0.16, "nucleo-f746zg": 0.45}.get(board)
        built = BuiltCosts(
            program_flash_bytes=exact.weights + 12_000,
            network_flash_bytes=exact.weights + 10_000,
            network_ram_bytes=20_000,
            program_ram_bytes=21_500,
            instructions=exact.macs,
            latency_ms=latency_ms,
            latency_error_percent=5.0,
            energy_mj=None if power_w is None else power_w * latency_ms,
            energy_error_percent=None if power_w is None else 7.0,
        )
    refusal = "" if built else REFUSAL
    sizes = {"tflite_bytes": exact.weights + 20_000, "tflm_arena_bytes": 60_000}
    return NetworkCosts(
        network, board, exact.macs, exact.paper_macs, exact.weights, **sizes, built=built, refusal=refusal
    )


def characterisation(folder: Path, board: str, mops_per_s: float) -> Path:
    """Three networks of each backbone exactly on a line."""
    folder.mkdir(parents=True)
    for backbone in ("kws", "cifar10"):
        rows = "".join(f"n{n},{n}000000,{2 + 1e3 * n / mops_per_s}\n" for n in (1, 2, 3))
        (folder / f"{backbone}_networks.csv").write_text(f"network,ops,latency_ms\n{rows}", encoding="utf-8")
    fit = {"networks": 3, "r2": 1.0, "mops_per_s": mops_per_s, "intercept_ms": 2.0}
    content = {
        "board": board,
        "clock_hz": 180_000_000,
        "cycle_model": {"mean_error": 0.05},
        "backbones": {"kws": fit, "cifar10": fit},
        "channels": {"138": 0.77, "140": 0.76},
    }
    (folder / "characterisation.json").write_text(json.dumps(content), encoding="utf-8")
    return folder / "characterisation.json"


class PaperFiles:
    """The files, and what `write_paper` takes to read them."""

    def __init__(self, root: Path):
        self.root = root
        self.plan: Plan = plan(str(root / "no-such-folder"), {"kws": ("yes", "no")})
        results = ResultsFolder(root / "results")
        results.data()
        fill(results)
        paths = []
        for board in self.plan.boards:
            for network in self.plan.networks:
                path = root / "costs" / board / f"{network}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(costs_of(network, board).to_json()), encoding="utf-8")
                paths.append(path)
        self.released = root / "released.json"
        content = {"metric": "accuracy", "test_count": 480, "scores": {"tflm": {"accuracy": score(0.967)}}}
        self.released.write_text(json.dumps(content), encoding="utf-8")
        boards = ("nucleo-f446re", "nucleo-f746zg")
        self.arguments: dict[str, Any] = {
            "costs": paths,
            "tasks": {"kws": MODELS},
            "results": root / "results",
            "released": {"micronet-kws-m": self.released},
            "reasons": self.plan.reasons,
            "characterisations": [
                characterisation(root / board, board, speed) for board, speed in zip(boards, (200, 400), strict=True)
            ],
            "budgets": {"kws": {"searched": "for nucleo-f446re, at most 12 Mops"}},
        }


@pytest.fixture(scope="session")
def paper_files(tmp_path_factory) -> PaperFiles:
    """Not to be written to."""
    return PaperFiles(tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="session")
def here(paper_files) -> Here:
    """Those files, read."""
    return gather(**paper_files.arguments)


@pytest.fixture(scope="session")
def paper():
    return load_paper()
