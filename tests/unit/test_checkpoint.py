"""Saving and finding back the state of a training."""

import numpy as np

from micronets.checkpoint import Checkpoint, fingerprint


def test_round_trip_keeps_order_shapes_and_types(tmp_path):
    groups = {"network": [np.arange(n, dtype=np.float32) for n in range(1, 13)], "optimiser": [np.int64(7)]}
    Checkpoint(tmp_path / "state.npz", "a").save(groups, {"epoch": 3})
    found, notes = Checkpoint(tmp_path / "state.npz", "a").load()
    assert notes == {"epoch": 3}
    assert [len(array) for array in found["network"]] == list(range(1, 13))
    assert found["optimiser"][0] == 7 and found["optimiser"][0].dtype == np.int64


def test_absent_foreign_and_damaged_files_count_as_absent(tmp_path):
    path = tmp_path / "state.npz"
    assert Checkpoint(path, "a").load() is None
    Checkpoint(path, "a").save({"network": [np.zeros(100)]}, {})
    assert Checkpoint(path, "b").load() is None
    whole = path.read_bytes()
    for keep in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:keep])
        assert Checkpoint(path, "a").load() is None


def test_a_file_with_any_byte_overwritten_is_whole_or_absent(tmp_path, caplog):
    path = tmp_path / "state.npz"
    groups = {"network": [np.arange(40, dtype=np.float32), np.ones((3, 5))], "optimiser": [np.int64(7)]}
    Checkpoint(path, "a").save(groups, {"epoch": 3})
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    absent = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for place in generator.integers(len(whole), size=generator.integers(1, 5)):
            damaged[place] = generator.integers(256)
        path.write_bytes(damaged)
        found = Checkpoint(path, "a").load()
        if found is None:
            absent += 1
        else:
            read, notes = found
            assert notes == {"epoch": 3}
            assert {name: len(members) for name, members in read.items()} == {"network": 2, "optimiser": 1}
            for name, members in groups.items():
                assert all(np.array_equal(a, b) for a, b in zip(members, read[name], strict=True))
    assert absent > 200
    assert "is damaged and counts as absent; this phase starts anew" in caplog.text


def test_a_file_that_lacks_an_array_or_has_another_counts_as_absent(tmp_path):
    path = tmp_path / "state.npz"
    Checkpoint(path, "a").save({"network": [np.zeros(4), np.ones(4)]}, {})
    with np.load(path) as archive:
        arrays = dict(archive)
    for changed in (
        {name: array for name, array in arrays.items() if name != "network/00001"},
        {**arrays, "network/00001": np.zeros(4)},
        {**arrays, "network/00002": np.zeros(4)},
    ):
        np.savez(path, **changed)
        assert Checkpoint(path, "a").load() is None
    np.savez(path, **arrays)
    assert Checkpoint(path, "a").load() is not None


def test_a_file_of_another_kind_counts_as_absent(tmp_path):
    path = tmp_path / "state.npz"
    for content in (b"PK\x03\x04 no archive", b"\x93NUMPY", b"{}"):
        path.write_bytes(content)
        assert Checkpoint(path, "a").load() is None
    path.unlink()
    path.mkdir()
    assert Checkpoint(path, "a").load() is None


def test_fingerprint_depends_on_values_not_on_order():
    assert fingerprint(a=1, b=[2]) == fingerprint(b=[2], a=1)
    assert fingerprint(a=1, b=[2]) != fingerprint(a=1, b=[3])
