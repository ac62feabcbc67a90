"""What pip installs: dependencies that agree with the pins, and a wheel that works by itself."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from micronets.cli.extras import MODULES
from micronets.export.writer import write_tflite
from tests.networks import random_network, small_ds_cnn

PACKAGES = {
    "PIL": "pillow",
    "ai_edge_litert": "ai-edge-litert",
    "serial": "pyserial",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}
"""Where a module has another name than the package that brings it."""
EXTRA_OF_PINS = {
    "data": {"data"},
    "export": {"tflm", "data"},
    "firmware": {"data", "tflm"},
    "paper": {"data", "report", "tflm"},
    "report": {"report"},
    "spot": {"data", "report", "tflm"},
    "test": {"dev"},
    "training": {"train", "data"},
    "workflow": {"workflow"},
}
"""By file of pins: the extras that name the same packages, beside the base installation."""


def name_of(package):
    return package.replace("_", "-").lower()


@pytest.fixture(scope="module")
def project(repository):
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(project, *extras):
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {name_of(found.name): found for found in map(Requirement, lines)}


def pins(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name_of(found.name): found for found in map(Requirement, lines)}


def test_every_dependency_admits_the_tested_version(repository, project):
    tested = pins(repository / "envs" / "constraints.txt")
    for name, requirement in requirements(project, *project["optional-dependencies"]).items():
        if name != "micronets":
            version = str(tested[name].specifier).removeprefix("==")
            assert requirement.specifier.contains(version, prereleases=True), name


@pytest.mark.parametrize("stage", EXTRA_OF_PINS)
def test_every_pinned_package_is_a_dependency(repository, project, stage):
    assert pins(repository / "envs" / f"{stage}.txt").keys() <= requirements(project, *EXTRA_OF_PINS[stage]).keys()


def test_all_files_of_pins_are_looked_at(repository):
    assert {path.stem for path in (repository / "envs").glob("*.txt")} == {*EXTRA_OF_PINS, "constraints"}


@pytest.mark.parametrize("extra", MODULES)
def test_an_extra_brings_the_modules_that_are_said_to_need_it(project, extra):
    needed = {name_of(PACKAGES.get(module, module)) for module in MODULES[extra]}
    assert needed <= requirements(project, extra).keys()


def test_every_module_from_outside_is_in_the_base_or_an_extra(repository):
    known = {"numpy", "yaml", "serial", *(module for modules in MODULES.values() for module in modules)}
    for path in (repository / "micronets").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            found = re.match(r"\s*(?:import|from) ([a-zA-Z_]\w*)[.\w]*(?: import .*| as \w+)?$", line)
            if found:
                assert found[1] in {*known, "micronets", *sys.stdlib_module_names}, f"{path}: {line}"


@pytest.fixture(scope="module")
def installed(repository, tmp_path_factory):
    """The folder of programs of an environment that has the wheel and what it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("a wheel")
    source = folder / "source"
    for name in ("micronets", "pyproject.toml", "README.md"):
        path = repository / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source / name)
    run = {"check": True, "capture_output": True, "text": True}
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder / "wheels", source], **run)
    (wheel,) = (folder / "wheels").iterdir()
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], **run)
    python = folder / "environment" / "bin" / "python"
    subprocess.run([python, *pip[1:], "install", wheel], **run)
    return python.parent


@pytest.fixture
def call(installed, tmp_path):
    """Calls the installed command in an empty folder."""
    (tmp_path / "empty").mkdir()

    def micronets(*arguments):
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": ""}
        environment.pop("PYTHONPATH", None)
        command = [installed / "micronets", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path / "empty", env=environment, capture_output=True, text=True)

    return micronets


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(repository, installed):
    (package,) = installed.parent.glob("lib/python*/site-packages/micronets")
    files = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    source = (path for path in (repository / "micronets").rglob("*") if path.is_file())
    expected = {path.relative_to(repository / "micronets").as_posix() for path in source if path.suffix != ".pyc"}
    assert len(expected) > 400 and expected <= files


@pytest.mark.slow
def test_nothing_heavy_is_installed(installed):
    listed = subprocess.run(
        [installed / "python", "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {name_of(line.split("==")[0]) for line in listed.splitlines()}
    assert names - {"pip", "setuptools", "wheel"} == {"micronets", "numpy", "pyserial", "pyyaml"}


@pytest.mark.slow
@pytest.mark.emulator
def test_an_installed_micronets_compiles_and_profiles(call, tmp_path):
    write_tflite(random_network(small_ds_cnn(), seed=1), tmp_path / "model.tflite")
    compiled = call("compile", tmp_path / "model.tflite", "--core", "cortex-m7", "--output", "net")
    assert compiled.returncode == 0, compiled.stderr
    assert (tmp_path / "empty" / "net" / "model.c").is_file()
    if shutil.which("arm-none-eabi-gcc") is None or shutil.which("qemu-system-arm") is None:
        pytest.skip("no Arm compiler or no emulator: not linked and profiled")
    profiled = call("profile", tmp_path / "model.tflite", "--board", "nucleo-f746zg", "--output", "out")
    assert profiled.returncode == 0, profiled.stderr
    assert "instructions per inference, counted: " in profiled.stdout
    assert "pip install 'micronets[tflm]'" in profiled.stderr
    assert (tmp_path / "empty" / "out" / "profile.json").is_file()
    assert list((tmp_path / ".cache" / "micronets").glob("counter-*.so"))


@pytest.mark.slow
def test_an_installed_micronets_knows_its_boards_and_features(call):
    assert "nucleo-f446re" in call("boards").stdout
    missing = call("evaluate", "model.tflite", "--data", "data")
    assert missing.stderr == "micronets evaluate needs the extras data and tflm: pip install 'micronets[data,tflm]'\n"
