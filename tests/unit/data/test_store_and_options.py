from dataclasses import dataclass

import numpy as np
import pytest

from micronets.data.options import from_mapping, schema_of
from micronets.data.store import ArrayWriter
from micronets.errors import ConfigurationError


def test_a_growing_array_is_an_ordinary_npy_file(tmp_path):
    parts = [np.arange(count * 6, dtype=np.float32).reshape(count, 2, 3) + count for count in (1, 0, 12345)]
    with ArrayWriter(tmp_path / "a.npy", (2, 3), np.float32) as writer:
        for part in parts:
            writer.append(part)
    assert np.array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), np.concatenate(parts))


def test_rows_of_another_shape_or_type_are_refused(tmp_path):
    with ArrayWriter(tmp_path / "a.npy", (2,), np.int16) as writer:
        for rows in (np.zeros((1, 3), np.int16), np.zeros((1, 2), np.int32)):
            with pytest.raises(ValueError, match="do not fit"):
                writer.append(rows)


@dataclass(frozen=True)
class Inner:
    name: str = "x"


@dataclass(frozen=True)
class Outer:
    share: float = 0.5
    count: int = 1
    active: bool = False
    end: int | None = None
    inner: Inner = Inner()


def test_a_section_becomes_a_dataclass():
    assert from_mapping(Outer, {}, "s") == Outer()
    assert from_mapping(Outer, {"share": 1, "inner": {"name": "y"}}, "s") == Outer(share=1.0, inner=Inner("y"))
    assert [from_mapping(Outer, {"end": end}, "s").end for end in (3, None)] == [3, None]
    assert schema_of(Outer)["properties"]["end"] == {"type": ["integer", "null"]}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"cuont": 1}, "unknown key s.cuont; s knows share, count"),
        ({"inner": {"nmae": 1}}, "unknown key s.inner.nmae"),
        ({"count": 1.5}, "s.count is 1.5; it must be of type int"),
        ({"count": True}, "s.count is True"),
        ({"share": "much"}, "s.share is 'much'"),
        ({"active": 1}, "s.active is 1"),
        ({"end": "3"}, "s.end is '3'; it must be of type int"),
        ({"inner": 3}, "s.inner is 3; it must be a section"),
    ],
)
def test_mistakes_in_a_section_name_the_key(values, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        from_mapping(Outer, values, "s")
