"""What is said of a store that fails."""

import pytest

from micronets.tracking import STORE_VARIABLE
from micronets.tracking.store import failure


def test_a_failing_store_is_told_by_the_first_cause_without_passwords(monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, "http://me:secret@server:5000")
    with pytest.raises(RuntimeError) as raised:
        try:
            raise OSError("database or disk is full\nmore of it")
        except OSError as cause:
            raise RuntimeError("(raised as a result of something else; consider this)\nand that") from cause
    said = failure(raised.value)
    assert said.endswith("server:5000 fails (database or disk is full); going on without it.")
    assert "secret" not in said
