"""A sample of what the fuzz command checks, and the command itself."""

import os
import time

import pytest

from micronets.cli import main
from micronets.fuzz import campaign
from micronets.fuzz.checks import check
from micronets.fuzz.isolation import Worker

NONE_ELSE = ("--layers", "0", "--operators", "0", "--networks", "0", "--mutations", "0", "--emulated", "0")
# A multiplication whose RELU6 is beyond int32 at the output's scale.
REFUSED_LAYER = 795237749


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9000, 9024))
def test_random_layers(seed, tmp_path):
    assert check("layer", seed, tmp_path) is None


# The last one draws growing layers only, on an input too large for any of them.
@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(9000, 9008), 795242092])
def test_random_networks(seed, tmp_path):
    assert check("network", seed, tmp_path) is None


@pytest.mark.slow
def test_damaged_files(tmp_path):
    for seed in range(9000, 9120):
        assert check("mutation", seed, tmp_path) is None, seed


@pytest.mark.emulator
@pytest.mark.parametrize("seed", range(9000, 9008))
def test_emulated(seed, tmp_path):
    assert check("emulated", seed, tmp_path) is None


def test_runs_of_one_byte_stay_in_their_patch(tmp_path):
    """A kernel of one column over one channel: whole words reached beyond the patch."""
    assert check("layer", 3000693, tmp_path) is None


@pytest.mark.emulator
def test_a_word_too_many_of_four_bit_weights(tmp_path):
    """GCC 12.2 forgot the test for an odd tap (Cortex-M55, -Os), and the word overwrote what lay behind."""
    assert check("emulated", 795242084, tmp_path) is None


def broken_at_9002(kind, seed, directory):
    assert kind == "mutation"
    if seed == 9002:
        raise ValueError("broken on purpose")


def misbehaving(kind, seed, directory):
    if kind == "crash":
        os.abort()
    if kind == "hang":
        time.sleep(60)


def test_a_failure_is_told_in_a_line_that_repeats_it(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "check", broken_at_9002)
    assert main(["fuzz", *NONE_ELSE, "--mutations", "4", "--seed", "9000"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "seed 9000"
    assert "mutation 9002: ValueError: broken on purpose" in printed
    line = next(text for text in printed if "repeat:" in text)
    arguments = line.split("micronets ")[1].split()
    assert main(arguments) == 1
    assert "mutation 9002: ValueError: broken on purpose" in capsys.readouterr().out


@pytest.mark.slow
def test_a_crash_or_a_hang_is_a_finding_and_ends_no_campaign():
    worker = Worker(misbehaving, longest_s=3)
    problems = [worker.run(kind, 1).problem for kind in ("crash", "none", "hang", "none")]
    worker.close()
    assert problems == ["the process ended with status -6", None, "no answer within 3 s", None]


def test_what_tflm_refuses_is_counted_and_no_failure(capsys):
    assert main(["fuzz", "--only", "layer", str(REFUSED_LAYER)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 checked, 0 failed, 1 that TFLM refuses"
