"""The command itself: help, mistakes, missing extras, boards of the user's own, and what it does to output folders."""

import argparse
import importlib
import json
import re
import subprocess
import sys

import pytest
import yaml

import micronets
from micronets.boards import OWN_BOARDS_VARIABLE, find_board
from micronets.cli import COMMANDS, main
from micronets.export.writer import write_tflite
from tests.networks import random_network, small_ds_cnn

NAMES = [name for group in COMMANDS.values() for name in group]
BASE = ("compile", "profile", "boards", "features", "image-input", "calibrate", "dual-issue")
OWN = {
    "mine": {
        "core": "cortex-m4",
        "clock_hz": 100_000_000,
        "flash_bytes": 1 << 20,
        "sram_bytes": 1 << 17,
        "emulator": "mps2-an386",
    }
}
# Runs commands as in an installation that lacks all extras; prints the status and the last words of each.
WITHOUT_EXTRAS = """
import contextlib, io, json, sys
from importlib import util
from micronets.cli.extras import MODULES
lacking = {module for modules in MODULES.values() for module in modules}
class Missing:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in lacking:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing)
find_spec = util.find_spec
util.find_spec = lambda name: None if name in lacking else find_spec(name)
from micronets.cli import main
told = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as error, contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = ended.code
    told.append((status, output.getvalue(), error.getvalue()))
print(json.dumps(told))
"""
NEEDS = {
    ("evaluate", "a.tflite", "--data", "data"): "the extras data and tflm: pip install 'micronets[data,tflm]'",
    ("fuzz", "--only", "layer", "1"): "the extra tflm: pip install 'micronets[tflm]'",
    ("benchmark", "models"): "the extras report and tflm: pip install 'micronets[report,tflm]'",
    ("spot", "a.tflite", "--data", "b"): "the extras data and report: pip install 'micronets[data,report]'",
    ("listen", "a.tflite", "b.wav"): "the extras data and report: pip install 'micronets[data,report]'",
    ("features-accuracy", "a", "b"): "the extras data and tflm: pip install 'micronets[data,tflm]'",
    ("data-speed", "recordings", "a"): "the extra data: pip install 'micronets[data]'",
}


def without_extras(repository, *commands):
    """Status, output and error output of each command."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    command = [sys.executable, "-c", WITHOUT_EXTRAS, words]
    return json.loads(subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout)


@pytest.fixture
def own_boards(tmp_path, monkeypatch):
    monkeypatch.setenv(OWN_BOARDS_VARIABLE, "")
    path = tmp_path / "my boards.yaml"
    path.write_text(yaml.safe_dump(OWN), encoding="utf-8")
    return path


@pytest.fixture
def tflite(tmp_path):
    write_tflite(random_network(small_ds_cnn(), seed=1), tmp_path / "model.tflite")
    return tmp_path / "model.tflite"


def test_the_help_names_every_command_and_fits_a_terminal(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert re.findall(r"^  ([a-z-]+)  +", printed, re.MULTILINE)[-len(NAMES) :] == NAMES
    assert max(map(len, printed.splitlines())) <= 120


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_with_an_example_that_parses(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    examples = re.findall(rf"^  micronets {name}(.*)$", printed.split("examples:")[1], re.MULTILINE)
    assert examples
    command = importlib.import_module(f"micronets.cli.{name.replace('-', '_')}")
    for example in examples:
        # An option that argparse does not know, or a choice that is none, ends the program.
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        parser.parse_args(example.split())


def test_without_a_command_there_is_help(capsys):
    assert main([]) == 2
    assert "From a .tflite file to a microcontroller" in capsys.readouterr().out


def test_the_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"micronets {micronets.__version__}\n"


def test_a_misspelt_command_is_corrected(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["profle", "model.tflite"])
    assert ended.value.code == 2
    assert "unknown command 'profle'; did you mean profile?" in capsys.readouterr().err


def test_a_failure_is_one_sentence_with_the_commands_name(tmp_path, capsys):
    assert main(["compile", str(tmp_path / "none.tflite")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("micronets compile: ") and error.count("\n") == 1


def test_a_missing_extra_is_one_sentence(repository):
    for (command, sentence), (status, _, error) in zip(NEEDS.items(), without_extras(repository, *NEEDS), strict=True):
        assert status == 1
        assert error == f"micronets {command[0]} needs {sentence}\n"


def test_help_needs_no_extra(repository):
    for status, output, error in without_extras(repository, *([name, "--help"] for name in NAMES)):
        assert status == 0, error
        assert "examples:" in output


@pytest.mark.parametrize("name", BASE)
def test_the_base_installations_commands_declare_no_extra(name):
    assert importlib.import_module(f"micronets.cli.{name.replace('-', '_')}").EXTRAS == ()


@pytest.mark.emulator
def test_a_model_is_profiled_without_an_oracle(repository, tflite, tmp_path):
    ((status, output, error),) = without_extras(repository, ["profile", tflite, "--output", tmp_path / "out"])
    assert status == 0
    assert "outputs: not compared\n" in output
    assert error == (
        "Outputs were not compared with TensorFlow Lite Micro's; pip install 'micronets[tflm]' to have that done.\n"
    )
    assert (tmp_path / "out" / "profile.json").is_file()


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(repository):
    program = "import sys; from micronets.cli import main; sys.exit(main(['calibrate', '--figures']))"
    command = subprocess.Popen(
        [sys.executable, "-c", program], cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    command.stdout.close()
    error = command.stderr.read()
    command.stderr.close()
    assert command.wait() == 141
    assert error == ""


def test_boards_are_listed_with_the_error_of_their_estimates(own_boards, capsys):
    assert main(["boards", "--boards", str(own_boards)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert re.search(r"cortex-m4 +180 +524 +131 +± 5\.3%, at worst 23\.4% +yes$", lines["nucleo-f446re"])
    assert re.search(r"cortex-m0plus +48 +131 +16 +none +no$", lines["frdm-kl25z"])
    assert re.search(r"cortex-m4 +100 +1,049 +131 +none +no$", lines["mine"])


@pytest.mark.emulator
def test_a_model_is_profiled_for_a_board_of_ones_own(own_boards, tflite, capsys):
    assert main(["profile", str(tflite), "--boards", str(own_boards), "--board", "mine"]) == 0
    printed = capsys.readouterr().out
    assert "on mine (cortex-m4, 100 MHz)" in printed and "3 of 3 compared are equal bit for bit" in printed
    assert find_board("mine").budget.sram_bytes == (1 << 17) - 8192


def stand_in(*names):
    """In the place of what a command calls: writes files of these names to the folder that it is given."""

    def write(_, directory, *__):
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            (directory / name).write_text("ours", encoding="utf-8")
        return [], []

    return write


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (("profile", "MODEL"), "src/network.c"),
        (("features", "mfcc"), "features/mn_features.c"),
        (("image-input", "IMAGES", "--frame", "60x60", "--scale", "0.05", "--offset", "-6"), "src/image_input.c"),
    ],
)
def test_others_files_stay_and_those_in_the_way_are_refused(arguments, written, tflite, tmp_path, capsys):
    write_tflite(random_network(small_ds_cnn(input_shape=(20, 20, 1))), tmp_path / "images.tflite")
    models = {"MODEL": tflite, "IMAGES": tmp_path / "images.tflite"}
    command = [str(models.get(word, word)) for word in arguments]
    folder = tmp_path / "out"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.c").write_text("mine", encoding="utf-8")
    assert main([*command, "--output", str(folder)]) == 0
    assert (folder / written).is_file()
    assert (folder / "src" / "main.c").read_text(encoding="utf-8") == "mine"
    other = tmp_path / "other"
    (other / written).parent.mkdir(parents=True)
    (other / written).write_text("mine", encoding="utf-8")
    assert main([*command, "--output", str(other)]) == 1
    assert f"{other / written} is in the way" in capsys.readouterr().err
    assert [path for path in other.rglob("*") if path.is_file()] == [other / written]
    assert (other / written).read_text(encoding="utf-8") == "mine"


def test_a_benchmarks_folder_is_not_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("micronets.benchmark.models.run_benchmark", stand_in("benchmark.csv", "layers.txt"))
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert main(["benchmark", "models", "--output", str(tmp_path)]) == 0
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "benchmark.csv").write_text("mine", encoding="utf-8")
    assert main(["benchmark", "models", "--output", str(tmp_path)]) == 1
    assert "benchmark.csv was changed since it was written here" in capsys.readouterr().err
    assert (tmp_path / "benchmark.csv").read_text(encoding="utf-8") == "mine"
