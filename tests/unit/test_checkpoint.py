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


def test_fingerprint_depends_on_values_not_on_order():
    assert fingerprint(a=1, b=[2]) == fingerprint(b=[2], a=1)
    assert fingerprint(a=1, b=[2]) != fingerprint(a=1, b=[3])
