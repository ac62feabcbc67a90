"""Where the other stages' files become records; the only place of the report that knows their names and keys."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from micronets.architecture import Architecture
from micronets.boards import find_board
from micronets.costs import costs
from micronets.errors import MicronetsError, ModelError
from micronets.evaluation import AnomalyTruth, ClipScores, Score, unpack_truth
from micronets.published import PUBLISHED
from micronets.report.published_figures import Publication, load_publication
from micronets.report.records import (
    SPLITS,
    Buffer,
    Build,
    Dataset,
    Estimate,
    Export,
    Features,
    Firmware,
    Kind,
    Limit,
    Merit,
    Model,
    Profile,
    Results,
    Search,
    Training,
    Width,
)
from micronets.runtime import split_build_name
from micronets.stage_file import read_json, reading
from micronets.tasks import find_task

Record = TypeVar("Record")

TRAINING_COLUMNS = ("phase", "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
CANDIDATE_COLUMNS = ("generation", "loss", "accuracy", "use")
_DIFFERENTIABLE = "dnas"
SEARCH_COLUMNS = (
    "epoch",
    "temperature",
    "weight_accuracy",
    "architecture_accuracy",
    "flash_bytes",
    "max_flash_bytes",
    "sram_bytes",
    "max_sram_bytes",
    "mops",
    "max_mops",
    "certainty",
)
_ESTIMATED_COLUMNS = ("estimated_ms", "share_of_floor", "macs")
_WIDTH, _KEPT = " width", " kept"
_LAYER_NAME = re.compile(r"^network_layer_(\d+)_(\w+)$")


def read_results(
    task: str, models: Mapping[str, Sequence[str]], results: Path, groups: Mapping[str, str] = MappingProxyType({})
) -> Results:
    """Everything that the stages before the report have left of `task`.

    Args:
        models: names of the builds (see `runtime.build_name`) by name of the model, both in the order in which they are
            shown.
        results: folder of all outputs.
        groups: see `records.Model`, by name of the model.

    Raises:
        MicronetsError: a file is damaged, or the dataset or an architecture is missing. Stages further on may not have
            run yet.
    """
    folder = Path(results) / task
    publication, metric = load_publication(task), find_task(task).metric
    dataset = _read_dataset(folder / "data", publication)
    return Results(
        task=task,
        metric=metric,
        dataset=dataset,
        models=tuple(
            _read_model(folder / name, builds, dataset, metric, groups.get(name, "")) for name, builds in models.items()
        ),
        publication=publication,
    )


def _kind(folder: Path) -> Kind:
    if _is_trained_elsewhere(folder):
        return "tflite"
    if folder.name not in PUBLISHED:
        return "searched" if (folder / "search" / "search.json").is_file() else "given"
    return "published" if folder.name.startswith("micronet") else "baseline"


def _read_model(folder: Path, builds: Sequence[str], dataset: Dataset, metric: str, group: str) -> Model:
    architecture = _read_architecture(folder)
    export = _optional(folder / "export" / "metrics.json", lambda path: _read_export(path, dataset, metric), "export")
    tested = dataset.clips["testing"] if export is None else export.count
    return Model(
        name=folder.name,
        kind=_kind(folder),
        architecture=architecture,
        costs=None if architecture is None else costs(architecture),
        reconstructs=_reconstructs(folder) if architecture is None else architecture.reconstructs,
        group=group,
        search=None if architecture is None else _optional(folder / "search" / "search.json", _read_search, "search"),
        training=None
        if architecture is None
        else _optional(folder / "train" / "metrics.json", lambda path: _read_training(path, tested, metric), "train"),
        export=export,
        tested=tested,
        builds=tuple(_read_build(folder / build, build, metric) for build in builds),
    )


def _read_architecture(folder: Path) -> Architecture | None:
    """None of a network that has been trained elsewhere."""
    if _is_trained_elsewhere(folder):
        return None
    path = folder / "search" / "architecture.json"
    if not path.is_file():
        raise ModelError(f"There is no {path}; run the search stage first.")
    return Architecture.load(path)


def _is_trained_elsewhere(folder: Path) -> bool:
    """A network of this name may have been trained here before; its files are left then."""
    path = folder / "export" / "metrics.json"
    return path.is_file() and _guarded(path, lambda path: "file" in read_json(path, "export"), "export")


def _reconstructs(folder: Path) -> bool:
    path = folder / "export" / "metrics.json"
    return _guarded(path, lambda path: bool(read_json(path, "export")["reconstructs"]), "export")


def _read_build(folder: Path, name: str, metric: str) -> Build:
    board, runtime = split_build_name(name)
    return Build(
        board=find_board(board),
        runtime=runtime,
        firmware=_optional(folder / "firmware" / "firmware.json", _read_firmware, "firmware"),
        profile=_optional(folder / "profile" / "profile.json", lambda path: _read_profile(path, metric), "profile"),
    )


def _optional(path: Path, read: Callable[[Path], Record], stage: str) -> Record | None:
    """The record, None where the file is not there; damage becomes one sentence with the remedy."""
    return _guarded(path, read, stage) if path.is_file() else None


def _guarded(path: Path, read: Callable[[Path], Record], stage: str) -> Record:
    with reading(path, about=f"{path} or a file beside it, of the {stage} stage,"):
        return read(path)


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    table = pd.read_csv(path)
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(f"{path.name} lacks the columns {', '.join(missing)}")
    return table


def _read_dataset(folder: Path, publication: Publication) -> Dataset:
    path = folder / "dataset.json"
    if not path.is_file():
        raise MicronetsError(f"There is no {path}; run the data stage first.")
    return _guarded(path, lambda path: _parse_dataset(path, publication), "data")


def _parse_dataset(path: Path, publication: Publication) -> Dataset:
    content = read_json(path, "dataset")
    ordered = sorted(content["counts"].items(), key=lambda item: SPLITS.index(item[0]))
    testing = sum(content["counts"]["testing"].values())
    return Dataset(
        source=str(content["source"]["kind"]),
        is_papers=publication.is_papers_data(content["source"], content["labels"], testing),
        content_hash=str(content["content_hash"]),
        seed=int(content["seed"]),
        labels=tuple(content["labels"]),
        clips={split: sum(by_label.values()) for split, by_label in ordered},
    )


def _read_search(path: Path) -> Search:
    content = read_json(path, "search")
    decisions = {decision["name"]: decision for decision in content["decisions"]}
    changed, limits = _read_fit(path.with_name("fit.json"))
    for name, value in changed.items():
        decisions[name]["chosen"] = value
    widths = []
    for name, decision in decisions.items():
        if name.endswith(_WIDTH):
            place = name.removesuffix(_WIDTH)
            kept = decisions.get(place + _KEPT, {"chosen": 1})["chosen"]
            found = int(decision["chosen"]) if kept else None
            widths.append(Width(place, int(decision["options"][-1]), found))
    learnt = _DIFFERENTIABLE in content.get("strategy", [_DIFFERENTIABLE])
    history = _table(path.with_name("history.csv"), SEARCH_COLUMNS) if learnt else pd.DataFrame(columns=SEARCH_COLUMNS)
    candidates = [[entry[name] for name in CANDIDATE_COLUMNS] for entry in content.get("candidates", [])]
    return Search(history, pd.DataFrame(candidates, columns=CANDIDATE_COLUMNS), tuple(widths), limits)


def _read_fit(path: Path) -> tuple[dict[str, int], tuple[Limit, ...]]:
    """Decisions changed to fit the board, by name, and what is taken of every limit; nothing without a file."""
    if not path.is_file():
        return {}, ()
    content = read_json(path, "fit")
    boards = content["rounds"][content["kept"]]["boards"]
    limits = (
        Limit(
            f"{t['name']}, {on['board']}" if len(boards) > 1 else str(t["name"]),
            str(t["unit"]),
            float(t["measured"]),
            float(t["limit"]),
        )
        for on in boards
        for t in on["targets"]
    )
    return {change["decision"]: int(change["after"]) for change in content["changes"]}, tuple(limits)


def _read_training(path: Path, tested: int, metric: str) -> Training:
    content = read_json(path, "training")
    return Training(
        history=_table(path.with_name("history.csv"), TRAINING_COLUMNS),
        float_merit=_merit(content["float"]["testing"].get(metric), tested),
        quantised_merit=_merit(content["quantised"]["testing"].get(metric), tested),
    )


def _merit(score: Any, count: Any) -> Merit | None:
    """None where the examples do not show it, as anomalies where there are none."""
    if int(count) < 1:
        raise ValueError(f"a score of {count} examples")
    return None if score is None else Merit(Score.from_json(score), int(count))


def _read_export(path: Path, dataset: Dataset, metric: str) -> Export:
    content = read_json(path, "export")
    labels = tuple(content.get("labels", dataset.labels))
    confusion, classes = None, len(labels)
    if "confusion" in content:
        confusion = np.asarray(content["confusion"], np.int64)
        if confusion.shape != (classes, classes):
            raise ValueError(f"confusion of shape {confusion.shape} for {classes} classes")
    scores, count = content["scores"], content["test_count"]
    return Export(
        tflite_bytes=int(content["tflite_bytes"]),
        count=int(count),
        litert_merit=_merit(scores["litert"].get(metric), count),
        tflm_merit=_merit(scores["tflm"].get(metric), count),
        litert_different_share=_different_share(content),
        scores={name: Score.from_json(score) for name, score in scores["tflm"].items()},
        clip_scores=_read_clip_scores(path.with_name("test_inputs.npz")) if metric == AnomalyTruth.metric else None,
        labels=labels,
        confusion=confusion,
        tflm_arena_bytes=_positive(content["tflm_arena_bytes"]),
    )


def _different_share(content: dict[str, Any]) -> float | None:
    agreement = content.get("agreement_with_tflm", {}).get("litert", {})
    return 1 - float(agreement["top1_share"]) if "confusion" in content and "top1_share" in agreement else None


def _positive(value: Any) -> int:
    if int(value) < 1:
        raise ValueError(f"{value} bytes")
    return int(value)


def _read_clip_scores(path: Path) -> ClipScores:
    with open(path, "rb") as stream, np.load(stream) as archive:
        read, answered = (
            (archive[name].astype(np.float64) - zero_point) * scale
            for name, (scale, zero_point) in (
                ("inputs", archive["input_grid"]),
                ("outputs", archive["output_grid"]),
            )
        )
        truth = unpack_truth(archive)
    if not isinstance(truth, AnomalyTruth):
        raise ValueError(f"{path.name} does not say which clips are anomalous")
    return truth.clip_scores(read, answered)


def _read_firmware(path: Path) -> Firmware:
    content = read_json(path, "firmware")
    flash, ram, plan = content["flash_bytes"], content["linked_ram_bytes"], content["memory_plan"]
    return Firmware(
        flash_bytes=sum(int(flash[part]) for part in ("network_code", "network_constants", "harness")),
        weights_bytes=int(flash["network_constants"]),
        code_bytes=int(flash["network_code"]),
        static_ram_bytes=int(ram["network"]) + int(ram["harness"]),
        arena_bytes=int(plan["arena_bytes"]),
        buffers=tuple(
            Buffer(
                name=str(buffer["name"]),
                offset_bytes=int(buffer["offset_bytes"]),
                size_bytes=int(buffer["size_bytes"]),
                first_step=int(buffer["first_step"]),
                last_step=int(buffer["last_step"]),
            )
            for buffer in plan["buffers"]
        ),
        steps=tuple(" + ".join(readable_layer(name) for name in step) for step in plan["steps"]),
        flash_parts={str(part): int(size) for part, size in content.get("flash_parts", {}).items()},
    )


def _read_profile(path: Path, metric: str) -> Profile:
    content = read_json(path, "profile")
    counted, outputs, estimated = content["counted"], content["outputs"], content["estimated"]
    measured, features = content.get("measured"), content.get("features")
    columns = ("layer", "instructions", "flash_code_bytes", "flash_constant_bytes", "note")
    layers = _table(path.with_name("layers.csv"), columns)
    layers = layers.reindex(columns=list(dict.fromkeys((*layers.columns, *_ESTIMATED_COLUMNS))))
    return Profile(
        inputs=int(content["inputs"]),
        merit=_merit(outputs["scores"].get(metric), content["inputs"]),
        instructions=int(counted["instructions"]),
        macs=None if counted.get("macs") is None else int(counted["macs"]),
        estimate=None if estimated is None else _read_estimate(estimated),
        measured_latency_ms=None if measured is None else float(measured["latency_ms"]),
        stack_bytes=int(counted["stack_bytes"]),
        compared_outputs=int(outputs["compared"]),
        equal_outputs=int(outputs["compared"]) - int(outputs["different"]),
        layers=layers.assign(
            layer=[
                readable_layer(name) + (f" ({note})" if note == "reference kernel" else "")
                for name, note in zip(layers["layer"], layers["note"], strict=True)
            ]
        ),
        features=None if features is None else _read_features(features),
        share_of_floor=estimated and estimated.get("share_of_floor"),
    )


def _read_features(content: dict[str, Any]) -> Features:
    frame_ms, error_percent = content["frame"]["ms"], content["estimated_error_percent"]
    return Features(
        frame_ms=None if frame_ms is None else float(frame_ms),
        frame_error_percent=None if error_percent is None else float(error_percent),
        hop_ms=float(content["hop_ms"]),
        instructions=int(content["frame"]["instructions"]),
        flash_bytes=int(content["flash_bytes"]["total"]),
        static_ram_bytes=int(content["static_ram_bytes"]),
    )


def _read_estimate(content: dict[str, Any]) -> Estimate:
    energy_mj, energy_error_percent = content["energy_mj"], content["energy_error_percent"]
    return Estimate(
        latency_ms=float(content["latency_ms"]),
        energy_mj=None if energy_mj is None else float(energy_mj),
        mean_error_percent=100 * float(content["mean_error"]),
        worst_error_percent=100 * float(content["worst_error"]),
        energy_error_percent=None if energy_error_percent is None else float(energy_error_percent),
    )


def readable_layer(name: str) -> str:
    """`network_layer_03_depthwise_conv_2d` → `3 depthwise conv`; what lies between the layers has a name of its own."""
    if match := _LAYER_NAME.match(name):
        return f"{int(match[1])} {match[2].removesuffix('_2d').replace('_', ' ')}"
    return "between layers" if name == "network_invoke" else name.replace("_", " ")
