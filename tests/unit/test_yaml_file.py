"""Files of YAML are read once, and anew when they have changed."""

import sys

import pytest
import yaml

from micronets.boards import BOARDS_FILE
from micronets.configuration import TASKS, resolve
from micronets.yaml_file import once_per_version, read_yaml


def test_a_file_is_read_once_until_it_changes(tmp_path):
    calls = []

    @once_per_version
    def read(path):
        calls.append(path)
        return read_yaml(path)

    path = tmp_path / "some.yaml"
    path.write_text("a: 1\n", encoding="utf-8")
    assert [read(path), read(path)] == [{"a": 1}, {"a": 1}]
    assert len(calls) == 1
    path.write_text("a: 20\n", encoding="utf-8")
    assert read(path) == {"a": 20}
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read(path)


def test_deep_nesting_is_no_valid_yaml(tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
    with pytest.raises(yaml.YAMLError, match="nested too deeply"):
        read_yaml(path)


def test_many_models_ask_no_file_again(repository):
    """Both files are read at most once more, however many models there are; here not at all after the first run."""
    given = yaml.safe_load((repository / "config" / "config.yaml").read_text(encoding="utf-8"))
    models = {f"net-{number}": {"search": {"board": "nucleo-f446re"}} for number in range(20)}
    opened = []
    _watchers.append(lambda path: opened.append(path))
    try:
        resolve({**given, "tasks": ["kws"], "kws": {"models": models}})
    finally:
        _watchers.clear()
    for path in (BOARDS_FILE, TASKS / "kws.yaml"):
        assert opened.count(str(path)) <= 1


_watchers = []


def _on_event(event, arguments):
    if event == "open":
        for watch in _watchers:
            watch(str(arguments[0]))


sys.addaudithook(_on_event)  # cannot be taken away again
