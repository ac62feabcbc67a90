"""The set-up: what is missing, who may install it, and what an interrupted one left."""

import importlib.util
import os
import subprocess
import sys

import pytest

BACKEND = """
import zipfile

def build_editable(directory, *_):
    with zipfile.ZipFile(f"{directory}/trial-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("trial.pth", ROOT)
        wheel.writestr("trial-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: trial\\nVersion: 1\\n")
        wheel.writestr("trial-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("trial-1.dist-info/RECORD", "")
    return "trial-1-py3-none-any.whl"
"""
PROJECT = """
[project]
name = "trial"
version = "1"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def set_up(repository, tmp_path, monkeypatch):
    """The script as a module that works in a temporary checkout, whose only pin is pip and whose project is one module
    that needs nothing to be built."""
    spec = importlib.util.spec_from_file_location("set_up", repository / "envs" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    environment = tmp_path / ".venv"
    constraints, pins = tmp_path / "constraints.txt", tmp_path / "pins.txt"
    constraints.write_text("", encoding="utf-8")
    pins.write_text("pip\n", encoding="utf-8")  # which every new environment has
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "backend.py").write_text(f"ROOT = {str(tmp_path)!r}\n{BACKEND}", encoding="utf-8")
    (tmp_path / "trial.py").write_text("ANSWER = 42\n", encoding="utf-8")
    for name, value in {
        "ROOT": tmp_path,
        "ENVIRONMENT": environment,
        "PYTHON": environment / "bin" / "python",
        "COMPLETE": environment / "complete",
        "UNFINISHED": environment / "unfinished",
        "PROJECT": tmp_path / "pyproject.toml",
        "PINS": [constraints, pins],
        "CONSTRAINTS": constraints,
    }.items():
        monkeypatch.setattr(module, name, value)
    return module


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Makes a folder of shell scripts the whole PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name, body):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    return make


def test_every_missing_tool_is_named_by_its_package(set_up, programs):
    expected = ["gcc", "libc6-dev", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"]
    assert set_up.missing_packages() == expected


def test_a_compiler_without_its_library_counts_as_half_there(set_up, programs):
    programs("gcc", "exit 0")
    programs("qemu-system-arm", "exit 0")
    programs("arm-none-eabi-gcc", "while read line; do case $line in *include*) exit 1;; esac; done; exit 0")
    assert set_up.missing_packages() == ["libnewlib-arm-none-eabi"]


def test_who_may_not_install_is_told_what_to_ask_for(set_up, programs, monkeypatch):
    programs("apt-get", "exit 0")
    programs("sudo", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(set_up.SetUpError, match="have an administrator run `apt-get install gcc qemu-system-arm`"):
        set_up.install_debian_packages(["gcc", "qemu-system-arm"])


def test_who_has_sudo_without_password_installs_with_it(set_up, programs, monkeypatch, tmp_path):
    note = tmp_path / "note"
    programs("apt-get", "exit 0")
    programs("sudo", f'printf "%s\\n" "$*" >> {note}')
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    set_up.install_debian_packages(["gcc"])
    last = note.read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("-n env DEBIAN_FRONTEND=noninteractive apt-get ")
    assert last.endswith("install -y --no-install-recommends gcc")


def test_a_failed_installation_is_repaired_and_tried_again(set_up, programs, monkeypatch, tmp_path):
    note = tmp_path / "note"
    programs("apt-get", "exit 0")
    fail_once = f'case "$*" in *" install "*) [ -e {note}.2 ] || {{ : > {note}.2; exit 1; }};; esac'
    programs("sudo", f'printf "%s\\n" "$*" >> {note}\n{fail_once}')
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    set_up.install_debian_packages(["gcc"])
    calls = note.read_text(encoding="utf-8")
    assert "dpkg --configure -a" in calls and calls.count(" install ") == 2


@pytest.mark.slow
def test_a_second_set_up_does_nothing(set_up, monkeypatch):
    set_up.install_packages()
    assert set_up.COMPLETE.exists() and not set_up.UNFINISHED.exists()

    def refuse(command):
        raise AssertionError(f"{command} was run again")

    monkeypatch.setattr(set_up, "_run", refuse)
    set_up.install_packages()


@pytest.mark.slow
def test_the_project_is_installed_and_stays_where_it_is(set_up, tmp_path):
    set_up.install_packages()
    (tmp_path / "trial.py").write_text("ANSWER = 43\n", encoding="utf-8")
    answer = [set_up.PYTHON, "-c", "import trial; print(trial.ANSWER)"]
    assert subprocess.run(answer, capture_output=True, text=True, cwd="/").stdout == "43\n"


@pytest.mark.slow
def test_what_an_interrupted_set_up_left_is_replaced(set_up):
    set_up.ENVIRONMENT.mkdir()
    set_up.UNFINISHED.touch()
    (set_up.ENVIRONMENT / "debris").touch()
    set_up.install_packages()
    assert set_up.COMPLETE.exists() and not (set_up.ENVIRONMENT / "debris").exists()


@pytest.mark.slow
def test_changed_pins_are_installed_into_the_same_environment(set_up):
    set_up.install_packages()
    (set_up.ENVIRONMENT / "kept").touch()
    before = set_up.COMPLETE.read_text(encoding="utf-8")
    set_up.CONSTRAINTS.write_text("# changed\n", encoding="utf-8")
    set_up.install_packages()
    assert set_up.COMPLETE.read_text(encoding="utf-8") != before
    assert (set_up.ENVIRONMENT / "kept").exists()


def test_another_python_is_refused_in_one_line(set_up, programs, monkeypatch, capsys):
    monkeypatch.setattr(set_up, "SUPPORTED", ((3, 1),))
    assert set_up.main() == 1
    assert "Python 3.11 or 3.12 is needed" in capsys.readouterr().err


def test_it_needs_nothing_but_the_standard_library(repository):
    command = [sys.executable, "-I", "-S", "-c", "import runpy, sys; runpy.run_path(sys.argv[1])"]
    subprocess.run([*command, repository / "envs" / "set_up.py"], check=True)
