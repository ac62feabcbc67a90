"""A table that lacks what is configured is noticed."""

import pytest

from micronets.errors import DataError
from micronets.missing_builds import missing_builds

ROWS = "model,kind,board,runtime\nsmall,published,nucleo-f446re,micronets\nsmall,published,nucleo-f446re,tflm\n"


@pytest.mark.parametrize(
    ("builds", "lacking"),
    [
        ({"small": ["nucleo-f446re", "nucleo-f446re/tflm"]}, []),
        ({"small": ["nucleo-f446re", "nucleo-l4r5zi"]}, ["small on nucleo-l4r5zi"]),
        ({"small": ["nucleo-l4r5zi/tflm"], "large": ["b"]}, ["small on nucleo-l4r5zi/tflm", "large on b"]),
    ],
    ids=["whole", "board", "runtime and model"],
)
def test_models_boards_and_runtimes_without_a_row_are_named(tmp_path, builds, lacking):
    (tmp_path / "summary.csv").write_text(ROWS, encoding="utf-8")
    assert missing_builds(tmp_path / "summary.csv", builds) == lacking


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", b"a,b\n1,2\n"], ids=["missing", "empty", "binary", "other"]
)
def test_a_damaged_table_is_no_whole_one(tmp_path, content):
    if content is not None:
        (tmp_path / "summary.csv").write_bytes(content)
    if content == b"":
        assert missing_builds(tmp_path / "summary.csv", {"a": ["b"]}) == ["a on b"]
        return
    with pytest.raises(DataError, match=r"summary.csv is (damaged .*: rm .*summary.csv|not whole: .*the workflow)"):
        missing_builds(tmp_path / "summary.csv", {"a": ["b"]})
