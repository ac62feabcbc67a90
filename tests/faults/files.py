"""Files of stages that are damaged or deleted: refused in a sentence whose command mends them, or made again."""

import json
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from micronets.architecture import Architecture
from micronets.errors import MicronetsError
from micronets.export.stage import _training_scores
from micronets.incomplete import forget_incomplete
from micronets.linking.firmware import Firmware
from micronets.missing_builds import missing_builds
from micronets.network import TrainedNetwork
from micronets.report.sources import read_results
from micronets.tasks import open_dataset
from tests.faults.record import Case
from tests.faults.small_run import BOARD, SmallRun, call, snakemake

DAMAGED, DELETED = "Damaged files", "Deleted files"
_BUILD = f"kws/searched/{BOARD}"
_REPORT = "the report"

_Reader = Callable[[Path], Any]


def file_cases(run: SmallRun) -> list[Case]:
    """All cases of these parts."""
    cases = [
        Case(DAMAGED, f"{name}: {what}", lambda place, d=damage, n=name, s=stage: _mended(run, place, n, s, d))
        for name, what, stage, damage in (
            ("kws/data/dataset.json", "{} in its place", "export", lambda content: b"{}"),
            ("kws/data/features.npy", "cut in half", "export", lambda content: content[: len(content) // 2]),
            ("kws/searched/train/metrics.json", "[] in its place", "export", lambda content: b"[]"),
            ("kws/searched/train/network.npz", "cut in half", "export", lambda content: content[: len(content) // 2]),
            ("kws/searched/search/search.json", "{} in its place", "report", lambda content: b"{}"),
            (f"{_BUILD}/firmware/firmware.elf", "cut in half", "profile", lambda content: content[: len(content) // 2]),
            (f"{_BUILD}/firmware/firmware.json", "empty", "profile", lambda content: b""),
            ("kws/searched/export/test_inputs.npz", "cut in half", "profile", lambda content: content[:1000]),
            (f"{_BUILD}/profile/layers.csv", "its first line alone", "report", lambda content: content[:20]),
        )
    ]
    cases += [
        Case(
            DAMAGED,
            f"{name}, damaged in every way, read by {reader}",
            lambda place, n=name, r=read: _sweep(run, place, n, r),
        )
        for name, reader, read in _readers()
    ]
    cases += [
        Case(DELETED, f"{name} is deleted", lambda place, n=name, r=rule: _planned(run, place, n, r))
        for name, rule in (
            ("kws/data/dataset.json", "prepare_data"),
            ("kws/data/audio.npy", "prepare_data"),
            ("kws/searched/search/architecture.json", "search_network"),
            ("kws/searched/search/history.csv", "search_network"),
            ("kws/teachers/ds-cnn-s/float.npz", "train_teacher"),
            ("kws/searched/train/history.csv", "train_network"),
            ("kws/searched/train/float.npz", "train_network"),
            ("kws/searched/export/model.tflite", "export_network"),
            ("kws/searched/export/metrics.json", "export_network"),
            (f"{_BUILD}/firmware/firmware.map", "build_firmware"),
            (f"{_BUILD}/firmware/src/network.c", "build_firmware"),
            (f"{_BUILD}/profile/layers.csv", "profile_firmware"),
            ("kws/report/summary.csv", "write_report"),
            ("kws/report/pictures/latency.png", "write_report"),
            ("report/report.html", "write_page"),
        )
    ]
    return cases


def _mended(run: SmallRun, place: Path, name: str, stage: str, damage: Callable[[bytes], bytes]) -> str:
    """Damages a file before the stage that reads it; runs the command that the sentence names, and the same again."""
    results = run.copy(place, cut_from=stage)
    path = results / name
    path.write_bytes(damage(path.read_bytes()))
    told = call(snakemake(), place).told("make it anew: rm ")
    remedy = re.search(r"make it anew: (rm .+), and run the same command again", told)
    assert remedy is not None, told
    for argument in shlex.split(remedy[1])[1:]:
        (place / argument).unlink()
    ended = call(snakemake(), place)
    assert ended.status == 0, ended.text[-3000:]
    run.check_same(results)
    return f"{told} After that the results are those of an undisturbed run."


def _planned(run: SmallRun, place: Path, name: str, rule: str) -> str:
    results = run.copy(place)
    pictures = sorted((results / name).parent.glob("*.png"))
    path = pictures[0] if name.endswith(".png") else results / name
    path.unlink()
    said = forget_incomplete(results, pretend=True) and forget_incomplete(results)  # as a run that is not dry does
    ended = call(snakemake("--dry-run"), place)
    assert ended.status == 0 and re.search(rf"^{rule} +\d", ended.text, re.MULTILINE), ended.text[-2000:]
    if said:
        return f"{said[0].removeprefix(str(results))} The next run plans {rule}"
    return f"the next run plans {rule}"


def _readers() -> Iterator[tuple[str, str, _Reader]]:
    def report(results: Path) -> Any:
        return read_results("kws", {"ds-cnn-s": (BOARD,), "searched": (BOARD,)}, results)

    for name in (
        "kws/data/dataset.json",
        "kws/searched/search/search.json",
        "kws/searched/search/history.csv",
        "kws/searched/search/architecture.json",
        "kws/searched/train/metrics.json",
        "kws/searched/train/history.csv",
        "kws/searched/export/metrics.json",
        f"{_BUILD}/firmware/firmware.json",
        f"{_BUILD}/profile/profile.json",
        f"{_BUILD}/profile/layers.csv",
    ):
        yield name, _REPORT, report
    yield (
        "kws/data/dataset.json",
        "what opens a data set",
        lambda results: open_dataset(results / "kws/data", (49, 10, 1)),
    )
    yield (
        "kws/data/clips.csv",
        "what opens a data set",
        lambda results: open_dataset(results / "kws/data", (49, 10, 1)),
    )
    yield (
        "kws/searched/search/architecture.json",
        "training",
        lambda results: Architecture.load(results / "kws/searched/search/architecture.json"),
    )
    yield (
        "kws/searched/train/network.npz",
        "export",
        lambda results: TrainedNetwork.load(results / "kws/searched/train/network.npz"),
    )
    yield (
        "kws/searched/train/metrics.json",
        "export",
        lambda results: _training_scores(results / "kws/searched/train/metrics.json"),
    )
    yield (
        f"{_BUILD}/firmware/firmware.json",
        "the profiler",
        lambda results: Firmware.load(results / _BUILD / "firmware"),
    )
    yield (
        f"{_BUILD}/firmware/firmware.elf",
        "the profiler",
        lambda results: Firmware.load(results / _BUILD / "firmware"),
    )
    yield (
        "kws/report/summary.csv",
        "the end of a run",
        lambda results: missing_builds(results / "kws/report/summary.csv", {"searched": [BOARD]}),
    )


def _sweep(run: SmallRun, place: Path, name: str, read: _Reader) -> str:
    """Reads a file in every damaged form: as if it were whole, where the damage is harmless, or in a sentence."""
    results = place / "results"
    results.mkdir(parents=True)
    for path in run.results.rglob("*"):  # links suffice: only the damaged file is written to
        other = results / path.relative_to(run.results)
        other.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            other.symlink_to(path)
    path, content = results / name, (run.results / name).read_bytes()
    counts: Counter[str] = Counter()
    for damaged in _damages(content, json.loads(content) if name.endswith(".json") else None):
        path.unlink(missing_ok=True)
        path.write_bytes(damaged)
        try:
            read(results)
            counts["read"] += 1
        except MicronetsError as error:
            assert str(results / Path(name).parts[0]) in str(error) and "\n" not in str(error), str(error)
            counts["refused"] += 1
    shutil.rmtree(place)
    return f"{counts.total()} forms: {counts['refused']} refused in a sentence, {counts['read']} harmless; no traceback"


def _damages(content: bytes, parsed: Any) -> Iterator[bytes]:
    yield from (b"", b"{}", b"[]", b"null", b"3", b'"x"', b"\xff\xfe\x00\x81", b"[" * 100_000, b"{" * 3, b"\0" * 100)
    for share in (0.1, 0.5, 0.9, 0.999):
        yield content[: int(len(content) * share)]
    for place in range(0, len(content), max(1, len(content) // 20)):
        yield content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
    if isinstance(parsed, dict):
        for key in list(_keys(parsed))[:40]:
            yield json.dumps(_changed(parsed, key, None, drop=True)).encode()
            for value in (None, -1, 1e300, float("nan"), "x", []):
                yield json.dumps(_changed(parsed, key, value)).encode()


def _keys(parsed: Any, above: tuple = ()) -> Iterator[tuple]:
    """Paths to everything in a JSON value, of lists to their first element alone."""
    items = parsed.items() if isinstance(parsed, dict) else enumerate(parsed[:1]) if isinstance(parsed, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from _keys(value, (*above, key))


def _changed(parsed: Any, path: tuple, value: Any, drop: bool = False) -> Any:
    copy = json.loads(json.dumps(parsed))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy
