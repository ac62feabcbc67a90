"""Files between stages: whole, or one sentence with a command that mends them."""

import json
import re
import shlex

import pytest

from micronets.errors import BuildError, DataError
from micronets.linking.elf import check_program
from micronets.stage_file import read_json, reading

DATASET = {
    "format": 1,
    "task": "kws",
    "labels": ["yes", "no"],
    "counts": {"training": {"yes": 2}, "validation": {"yes": 1}, "testing": {"yes": 1}},
    "seed": 0,
    "source": {"kind": "generated"},
    "content_hash": "0f" * 32,
}
TRAINING = {name: {"testing": {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}} for name in ("float", "quantised")}


def test_whole_files_are_read(tmp_path):
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(DATASET), encoding="utf-8")
    assert read_json(path, "dataset") == DATASET


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({**DATASET, "labels": []}).encode(),
        json.dumps({**DATASET, "counts": {"training": {"yes": -1}}}).encode(),
        json.dumps({**DATASET, "content_hash": "x"}).encode(),
        json.dumps(DATASET).encode()[:-1],
    ],
)
def test_damaged_files_name_the_command_that_mends_them(tmp_path, content):
    path = tmp_path / "a folder" / "dataset.json"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_json(path, "dataset")
    command = re.search(r"make it anew: (rm .*), and run the same command again\.$", str(caught.value))
    assert command is not None and shlex.split(command[1]) == ["rm", str(path)]


@pytest.mark.parametrize("value", [[], {}, {"float": {}}, {**TRAINING, "quantised": {"testing": {"accuracy": 1}}}])
def test_metrics_without_scores_are_refused(tmp_path, value):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics\.json is damaged"):
        read_json(path, "training")
    path.write_text(json.dumps(TRAINING), encoding="utf-8")
    assert read_json(path, "training") == TRAINING


def test_a_missing_file_names_what_makes_it(tmp_path):
    with pytest.raises(BuildError, match=r"there is no .*gone\.json; the workflow makes it"):
        read_json(tmp_path / "gone.json", "firmware", kind=BuildError)


@pytest.mark.parametrize("error", [KeyError("x"), IndexError(), OverflowError(), RecursionError(), EOFError()])
def test_whatever_damage_raises_becomes_a_sentence(tmp_path, error):
    with pytest.raises(DataError, match="is damaged"), reading(tmp_path / "a.json"):
        raise error


def elf(sections=2, length=64):
    """An ELF header, `length` bytes, and section headers that tell of them."""
    import struct

    table = 52 + length
    header = struct.pack("<16s2H5I6H", b"\x7fELF\1\1\1", 2, 40, 1, 0, 0, table, 0, 52, 0, 0, 40, sections, 0)
    section = struct.pack("<10I", 0, 1, 0, 0, 52, length, 0, 0, 0, 0)
    return header + bytes(length) + section * sections


def test_a_program_that_is_cut_is_refused(tmp_path):
    path = tmp_path / "firmware.elf"
    path.write_bytes(elf())
    check_program(path)
    for share in (0, 30, 60, len(elf()) - 1):
        path.write_bytes(elf()[:share])
        with pytest.raises(BuildError, match=r"firmware\.elf is (cut off|no program) .*make it anew: rm "):
            check_program(path)
    path.write_bytes(b"#!/bin/sh\n" * 50)
    with pytest.raises(BuildError, match="no program for a microcontroller"):
        check_program(path)
