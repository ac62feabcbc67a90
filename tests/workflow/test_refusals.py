"""What stops a run before any job, in one sentence."""

import re
import subprocess
import sys

import pytest

from micronets.data.speech.vocabulary import TEN_WORDS
from micronets.job import claim

CLAIM = """
import sys, time
from micronets.job import claim
claim(sys.argv[1])
print("claimed", flush=True)
time.sleep(99)
"""


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("kws__train__bach_size=3", "Unknown configuration key 'kws.train.bach_size'; did you mean 'batch_size'."),
        ("kws__data={source: folder, path: no/such}", "kws.data.path: there is no folder no/such; correct the path."),
        ("boards=[nucleo-f44]", "boards: Unknown board 'nucleo-f44'"),
        ("boards_file=no/such.yaml", "boards_file: "),
        (
            "kws__firmware__runtimes=[tflm]",
            "kws.models.ds-cnn-s.firmware.tflm.library and include must name a library of",
        ),
        ("kws__search__max_mops=0.01", "kws.models.searched.search: The smallest network of the search space needs"),
    ],
    ids=["key", "folder", "board", "boards_file", "tflm", "budget"],
)
def test_a_wrong_setting_is_one_sentence_before_any_job(workflow_in, tmp_path, setting, sentence):
    run = workflow_in(tmp_path).run("--config", setting)
    assert run.status != 0
    told = [line for line in run.text.splitlines() if sentence in line]
    assert len(told) == 1 and told[0].startswith(sentence)
    assert "Traceback" not in run.text and "Error in" not in run.text
    assert not (tmp_path / "results").exists()


def test_what_a_failed_job_says_is_the_last_that_is_said(workflow_in, tmp_path):
    for word in TEN_WORDS:
        (tmp_path / "clips" / word).mkdir(parents=True)
        (tmp_path / "clips" / word / "0.wav").write_bytes(b"RIFF")
    run = workflow_in(tmp_path).run("--config", "kws__data={source: folder, path: clips}", "--", "data")
    assert run.status != 0
    assert not re.search("Traceback|RuleException|CalledProcessError|WorkflowError|Error in", run.text)
    *_, sentence, log, whole_log = run.text.splitlines()
    assert f"[kws data] {sentence}" in run.text and sentence.startswith("clips ")
    assert log == "Log: results/logs/kws/data.log" and whole_log.startswith("Log of the workflow: .snakemake/log/")
    assert sentence in (tmp_path / "results/logs/kws/data.log").read_text(encoding="utf-8")
    assert "CalledProcessError" in (tmp_path / whole_log.split(": ", 1)[1]).read_text(encoding="utf-8")


def test_a_second_workflow_on_the_same_results_is_refused(workflow_in, repository, tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(tmp_path / "results")], cwd=repository, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "claimed\n"
        run = workflow_in(tmp_path).run("search")
    finally:
        other.kill()
        other.communicate()
    assert run.status != 0
    assert f"Another workflow (process {other.pid} " in run.text
    assert "Traceback" not in run.text
    assert not (tmp_path / "results" / "logs").exists()
    claim(tmp_path / "results")


def test_results_over_others_files_are_refused(workflow_in, tmp_path):
    recordings = tmp_path / "mine" / "kws" / "data"
    recordings.mkdir(parents=True)
    (recordings / "notes.txt").write_text("mine", encoding="utf-8")
    run = workflow_in(tmp_path).run("data", "--config", "results=mine")
    assert run.status != 0
    assert "The results folder mine holds kws, which no workflow has written; move it away" in run.text
    assert "Traceback" not in run.text
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["kws"]
    assert (recordings / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_others_files_beside_results_and_a_lock_of_a_killed_snakemake_stop_nothing(workflow_in, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    for kind in ("input", "output"):
        (locks / f"0.{kind}.lock").write_text("mine/kws/data/dataset.json\n", encoding="utf-8")
    run = workflow_in(tmp_path).run("data", "--config", "results=mine")
    assert run.status == 0, run.text
    assert (tmp_path / "mine" / "notes.txt").read_text(encoding="utf-8") == "mine"
