"""A results folder as the other stages leave it, with invented figures."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.published import ds_cnn, published_architecture
from micronets.report import report
from micronets.report.page import write_page

LABELS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "_silence_", "_unknown_")
PER_CLASS = 40
TESTED = PER_CLASS * len(LABELS)


def score(share: float) -> dict[str, float]:
    """A score with an invented interval."""
    return {"value": share, "low": max(share - 0.03, 0.0), "high": min(share + 0.03, 1.0)}


class ResultsFolder:
    """Writes stages' files under `root`; every figure comes from the arguments or from a fixed seed."""

    def __init__(self, root: Path, task: str = "kws"):
        self.root = root
        self.task = root / task
        self.random = np.random.default_rng(5)

    def data(self, source: dict | None = None, testing: int | None = None) -> None:
        """Generated data unless `source` says otherwise; `testing` examples in all, or as many of every class."""
        counts = {
            split: dict.fromkeys(LABELS, number)
            for split, number in (("training", 300), ("validation", 38), ("testing", PER_CLASS))
        }
        if testing is not None:
            counts["testing"] = dict.fromkeys(LABELS, 0) | {LABELS[0]: testing}
        self.json(
            self.task / "data" / "dataset.json",
            {
                "format": 1,
                "task": "kws",
                "labels": list(LABELS),
                "counts": counts,
                "seed": 7,
                "source": source or {"kind": "generated"},
                "content_hash": "9f2c" * 16,
            },
        )

    def published(self, name: str) -> None:
        published_architecture(name).save(self.task / name / "search" / "architecture.json")

    def searched(self, name: str, epochs: int = 30, max_mops: float | None = 12.0) -> None:
        folder = self.task / name / "search"
        found = [112, 56, None, 84, 140, None, 84, 196]
        architecture = ds_cnn(name, 84, [width for width in found if width])
        architecture.save(folder / "architecture.json")
        widths = [28, 56, 84, 112, 140, 164, 192, 220, 248, 276]
        decisions = [self.decision("stem width", widths, 84)]
        for number, width in enumerate(found, start=1):
            decisions.append(self.decision(f"block {number} kept", [0, 1], 1 if width else 0))
            decisions.append(self.decision(f"block {number} width", widths, width or 112))
        self.json(folder / "search.json", {"decisions": decisions, "seed": 7, "board": "nucleo-f446re"})
        rows = []
        for epoch in range(epochs):
            share = epoch / max(epochs - 1, 1)
            rows.append(
                {
                    "epoch": epoch,
                    "temperature": 5 * (0.5 / 5) ** share,
                    "learning_rate": 0.01 * (1 + math.cos(math.pi * share)) / 2,
                    "weight_loss": 2.4 - 1.6 * share,
                    "weight_accuracy": 0.2 + 0.55 * math.sqrt(share),
                    "architecture_loss": "" if epoch < 3 else 2.2 - 1.3 * share,
                    "architecture_accuracy": "" if epoch < 3 else 0.22 + 0.5 * math.sqrt(share),
                    "penalty": max(0.5 - share, 0),
                    "flash_bytes": 330_000 - 260_000 * share,
                    "max_flash_bytes": 499_712,
                    "sram_bytes": 150_000 - 95_000 * share,
                    "max_sram_bytes": 122_880,
                    "mops": 60 - 47 * share,
                    "max_mops": "" if max_mops is None else max_mops,
                    "certainty": 0.1 + 0.85 * share,
                    "seconds": 3.25,
                }
            )
        self.csv(folder / "history.csv", rows)

    def train(self, name: str, float_share: float, quantised_share: float, float_epochs: int = 40) -> None:
        folder = self.task / name / "train"
        rows = []
        for phase, epochs, best in (("float", float_epochs, float_share), ("quantised", 12, quantised_share)):
            for epoch in range(epochs):
                share = (epoch + 1) / epochs
                start = 0.15 if phase == "float" else best - 0.03
                accuracy = best - (best - start) * math.exp(-5 * share) + self.random.normal(0, 0.006)
                rows.append(
                    {
                        "phase": phase,
                        "epoch": epoch + 1,
                        "learning_rate": 0.003 * (1 + math.cos(math.pi * share)) / 2,
                        "loss": 0.55 + 1.7 * math.exp(-5 * share) * (phase == "float") + self.random.normal(0, 0.01),
                        "accuracy": accuracy - 0.06,
                        "validation_loss": 0.4 + 1.7 * (1 - accuracy),
                        "validation_accuracy": accuracy,
                        "seconds": 2.5,
                    }
                )
        self.csv(folder / "history.csv", rows)
        self.json(
            folder / "metrics.json",
            {
                "metric": "accuracy",
                "float": dict.fromkeys(("validation", "testing"), {"accuracy": score(float_share)}),
                "quantised": dict.fromkeys(("validation", "testing"), {"accuracy": score(quantised_share)}),
            },
        )

    def export(
        self, name: str, share: float, tflite_bytes: int, tflm_arena_bytes: int, litert: float | None = None
    ) -> None:
        """`share` is TFLM's; LiteRT's is half a point higher unless given."""
        confusion = np.zeros((len(LABELS), len(LABELS)), int)
        for row in range(len(LABELS)):
            right = round(share * PER_CLASS)
            confusion[row, row] = right
            for column in self.random.choice([c for c in range(len(LABELS)) if c != row], PER_CLASS - right):
                confusion[row, column] += 1
        self.json(
            self.task / name / "export" / "metrics.json",
            {
                "test_count": TESTED,
                "tflite_bytes": tflite_bytes,
                "tflm_arena_bytes": tflm_arena_bytes,
                "metric": "accuracy",
                "scores": {
                    "litert": {"accuracy": score(min(share + 0.005, 1.0) if litert is None else litert)},
                    "tflm": {"accuracy": score(share)},
                },
                "agreement_with_tflm": {"litert": {"top1_share": 0.98}},
                "confusion": confusion.tolist(),
                "labels": list(LABELS),
            },
        )

    def trained_elsewhere(self, name: str, share: float, labels: tuple[str, ...] = LABELS) -> None:
        """A network of which only a .tflite file is known."""
        self.published(name)  # for the layers of firmware and profile
        self.export(name, share, 114_512, 62_932)
        path = self.task / name / "export" / "metrics.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        self.json(path, content | {"file": "theirs.tflite", "reconstructs": False, "labels": list(labels)})
        self.firmware(name)
        self.profile(name, 5_000_000, 40.0, share)

    def firmware(self, name: str, board: str = "nucleo-f446re", arena_bytes: int | None = None) -> None:
        """Ours; with `arena_bytes`, TFLM's, whose buffers nobody knows."""
        architecture = Architecture.load(self.task / name / "search" / "architecture.json")
        names, buffers, place, largest = [], [], 0, 0
        sizes = [math.prod(architecture.input_shape)] + [math.prod(shape) for shape in architecture.output_shapes()]
        largest = max(before + after for before, after in zip(sizes, sizes[1:], strict=False))
        for step, layer in enumerate(architecture.layers):
            names.append(f"network_layer_{step:02d}_{self.operator(layer)}")
        for index, size in enumerate(sizes):
            buffers.append(
                {
                    "name": f"tensor_{index}",
                    "size_bytes": size,
                    "offset_bytes": 0 if place == 0 else largest - size,
                    "first_step": max(index - 1, 0),
                    "last_step": min(index, len(sizes) - 2),
                }
            )
            place = 1 - place
        weights = sum(math.prod(layer.kernel) * 100 for layer in architecture.layers if hasattr(layer, "channels"))
        self.json(
            self.task / name / board / "firmware" / "firmware.json",
            {
                "flash_bytes": {"network_code": 6_120, "network_constants": 60_000 + weights, "harness": 1_804},
                "linked_ram_bytes": {"network": largest + 64, "harness": 1_100, "stack": 4_096},
                "layers": names,
                "memory_plan": {
                    "arena_bytes": largest if arena_bytes is None else arena_bytes,
                    "buffers": buffers if arena_bytes is None else [],
                    "steps": [[layer] for layer in names],
                },
            },
        )

    def profile(
        self,
        name: str,
        instructions: int,
        latency_ms: float | None,
        share: float | None = 0.87,
        board: str = "nucleo-f446re",
        bit_exact: bool | None = True,
        inputs: int = TESTED,
        measured_ms: float | None = None,
        features: dict | None = None,
    ) -> None:
        architecture = Architecture.load(self.task / name / "search" / "architecture.json")
        folder = self.task / name / board / "profile"
        names = [f"network_layer_{i:02d}_{self.operator(layer)}" for i, layer in enumerate(architecture.layers)]
        shares = self.random.dirichlet(np.full(len(names), 2.0)) * (instructions - 100)
        rows = [
            {
                "layer": layer,
                "instructions": int(count),
                "estimated_ms": None if latency_ms is None else latency_ms * int(count) / instructions,
                "macs": 100 * step,
                "share_of_floor": None if latency_ms is None else 0.25,
                "flash_code_bytes": 44,
                "flash_constant_bytes": 100 * step,
                "note": "",
            }
            for step, (layer, count) in enumerate(zip(names, shares, strict=True))
        ]
        rest = instructions - sum(row["instructions"] for row in rows)
        rows.append(dict.fromkeys(rows[0], "") | {"layer": "network_invoke", "instructions": rest})
        self.csv(folder / "layers.csv", rows)
        compared, different = (0, 0) if bit_exact is None else (inputs, 0 if bit_exact else 3)
        outputs = {"compared": compared, "different": different, "bit_exact": bit_exact}
        outputs["scores"] = {} if share is None else {"accuracy": score(share)}
        estimate = {"latency_ms": latency_ms, "mean_error": 0.032, "worst_error": 0.097, "energy_mj": 8.25}
        estimate |= {"energy_error_percent": 6.5, "share_of_floor": 0.31}
        self.json(
            folder / "profile.json",
            {
                "inputs": inputs,
                "outputs": outputs,
                "counted": {"instructions": instructions, "stack_bytes": 412, "macs": 2_000_000},
                "estimated": None if latency_ms is None else estimate,
                "measured": None if measured_ms is None else {"latency_ms": measured_ms},
                "features": features,
            },
        )

    def everything(self, name: str, share: float, instructions: int, latency_ms: float) -> None:
        """All stages after the search."""
        self.train(name, share + 0.004, share + 0.001)
        self.export(name, share, 114_512, 62_932)
        self.firmware(name)
        self.profile(name, instructions, latency_ms, share)

    @staticmethod
    def operator(layer) -> str:
        names = {Convolution: "conv_2d", DepthwiseConvolution: "depthwise_conv_2d", AveragePooling: "average_pool_2d"}
        return names[type(layer)]

    @staticmethod
    def decision(name: str, options: list[int], chosen: int) -> dict:
        return {"name": name, "options": options, "learnt": chosen, "chosen": chosen}

    @staticmethod
    def json(path: Path, content: dict) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")

    @staticmethod
    def csv(path: Path, rows: list[dict]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


MODELS = {
    "micronet-kws-s": ["nucleo-f446re"],
    "ds-cnn-s": ["nucleo-f446re"],
    "searched": ["nucleo-f446re"],
}


def fill(folder: ResultsFolder) -> ResultsFolder:
    """All stages of `MODELS`."""
    for name, share, instructions, latency_ms in (
        ("micronet-kws-s", 0.875, 9_412_345, 69.31),
        ("ds-cnn-s", 0.85, 4_023_456, 30.24),
        ("searched", 0.9, 6_201_234, 45.8),
    ):
        if name == "searched":
            folder.searched(name)
        else:
            folder.published(name)
        folder.everything(name, share, instructions, latency_ms)
    return folder


@pytest.fixture
def models() -> dict[str, list[str]]:
    """Boards by model, as in `whole_results`."""
    return {name: list(boards) for name, boards in MODELS.items()}


@pytest.fixture
def results_folder(tmp_path) -> ResultsFolder:
    """A folder in which nothing but the data stage has run."""
    folder = ResultsFolder(tmp_path / "results")
    folder.data()
    return folder


@pytest.fixture
def whole_results(results_folder) -> ResultsFolder:
    """The folder after all stages of `MODELS`."""
    return fill(results_folder)


@pytest.fixture(scope="session")
def whole_report(tmp_path_factory) -> Path:
    """The report of `whole_results`, and beside it the page; not to be written to."""
    folder = ResultsFolder(tmp_path_factory.mktemp("report") / "results")
    folder.data()
    fill(folder)
    report("kws", MODELS, folder.root, folder.task / "report")
    write_page({"kws": MODELS}, folder.root, folder.task / "report" / "report.html")
    return folder.task / "report"
