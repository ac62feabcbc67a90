"""Jobs log, exclude each other, and end with their workflow; whichever way they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from micronets import job as job_module
from micronets.atomic import atomic_directory
from micronets.errors import MicronetsError
from micronets.job import check_working_folder, claim
from micronets.output_folder import output_folder

WAIT_S = 30.0


def start(repository: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process that can import the package."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(
        command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )


def wait_for(condition, what: str) -> None:
    """Fails where the condition does not come true."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def run_job(repository: Path, log: Path, body: str) -> subprocess.CompletedProcess[str]:
    """A job named `some job` with `body` in it."""
    program = (
        "import sys, logging\nfrom micronets.errors import DataError\nfrom micronets.job import job\n"
        f"with job('some job', sys.argv[1]):\n    {body}\n"
    )
    process = start(repository, program, str(log))
    output, errors = process.communicate(timeout=WAIT_S)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def test_lines_go_to_the_terminal_and_to_the_log(repository, tmp_path):
    log = tmp_path / "deep" / "job.log"
    result = run_job(repository, log, "logging.getLogger('micronets.x').info('half way')")
    assert result.returncode == 0
    assert "[some job] half way" in result.stderr
    assert "INFO half way" in log.read_text(encoding="utf-8")


def test_no_credentials_of_a_url_are_logged(repository, tmp_path):
    log = tmp_path / "job.log"
    result = run_job(repository, log, "raise ValueError('https://someone:pass@word@host/x and http://host/a@b')")
    for text in (result.stderr, log.read_text(encoding="utf-8")):
        assert "https://***@host/x and http://host/a@b" in text.replace("\n", " ")
        assert "pass@word" not in text.replace("raise ValueError", "").split("ValueError:")[-1]


def test_a_mistake_of_the_user_is_one_line_without_traceback(repository, tmp_path):
    log = tmp_path / "job.log"
    result = run_job(repository, log, "raise DataError('clips/ is empty; put recordings there.')")
    assert result.returncode == 1
    assert result.stderr.splitlines() == ["[some job] started", "[some job] clips/ is empty; put recordings there."]
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_any_other_failure_leaves_its_traceback_in_the_log(repository, tmp_path):
    log = tmp_path / "job.log"
    result = run_job(repository, log, "{}['missing']")
    assert result.returncode == 1
    text = log.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text and "\nKeyError: 'missing'" in text
    sentence = f"[some job] It failed unexpectedly (KeyError: 'missing'); the traceback is in {log}."
    assert result.stderr.splitlines() == ["[some job] started", sentence]


def test_what_libraries_write_to_standard_error_goes_to_the_log_alone(repository, tmp_path):
    log = tmp_path / "job.log"
    result = run_job(repository, log, "import os; os.write(2, b'I0000 noise\\n'); print('more', file=sys.stderr)")
    assert result.returncode == 0
    assert "I0000 noise" in log.read_text(encoding="utf-8") and "more" in log.read_text(encoding="utf-8")
    assert "noise" not in result.stderr and "more" not in result.stderr
    assert "[some job] finished in 0 s" in result.stderr


HOLD = """
import sys, time
from pathlib import Path
from micronets.job import job
with job("holder", sys.argv[1]):
    Path(sys.argv[2]).touch()
    time.sleep(float(sys.argv[3]))
"""

HOLD_WITH_CHILD = """
import subprocess, sys, time
from pathlib import Path
from micronets.job import job
with job("holder", sys.argv[1]):
    child = subprocess.Popen(["sleep", "300"])
    Path(sys.argv[2]).write_text(str(child.pid))
    time.sleep(300)
"""

SPAWN = """
import subprocess, sys
process = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]])
print(process.pid, flush=True)
process.wait()
"""


def test_a_second_job_waits_for_the_first(repository, tmp_path):
    first = start(repository, HOLD, str(tmp_path / "job.log"), str(tmp_path / "first"), "300")
    wait_for((tmp_path / "first").exists, "the first job did not start")
    second = start(repository, HOLD, str(tmp_path / "job.log"), str(tmp_path / "second"), "0")
    log = tmp_path / "job.log"
    wait_for(lambda: "still at work" in log.read_text(encoding="utf-8"), "the second job did not say that it waits")
    assert not (tmp_path / "second").exists()
    first.kill()
    first.communicate()
    second.communicate(timeout=WAIT_S)
    assert second.returncode == 0
    assert (tmp_path / "second").exists()


def test_a_job_and_its_children_end_with_the_workflow_that_started_it(repository, tmp_path):
    note, log = tmp_path / "child", tmp_path / "job.log"
    workflow = start(repository, SPAWN, HOLD_WITH_CHILD, str(log), str(note))
    job = int(workflow.stdout.readline())
    wait_for(lambda: note.exists() and note.read_text(), "the job did not start")
    child = int(note.read_text())
    workflow.send_signal(signal.SIGKILL)
    workflow.communicate()
    wait_for(lambda: not running(job) and not running(child), "the job or its child outlived the workflow")
    assert "run the same command to go on" in log.read_text(encoding="utf-8")


def test_a_job_whose_workflow_was_killed_before_it_began_ends_too(repository, tmp_path, monkeypatch):
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setenv(job_module.WORKFLOW_VARIABLE, str(gone.pid))
    late = start(repository, HOLD, str(tmp_path / "job.log"), str(tmp_path / "note"), "300")
    _, errors = late.communicate(timeout=WAIT_S)
    assert late.returncode == 1 and "Its workflow has ended, so this job ends too" in errors


def running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


CLAIM = """
import sys, time
from micronets.job import claim
claim(sys.argv[1])
print("claimed", flush=True)
time.sleep(300)
"""


def test_only_one_workflow_works_on_a_results_folder(repository, tmp_path):
    other = start(repository, CLAIM, str(tmp_path / "results"))
    assert other.stdout.readline() == "claimed\n"
    with pytest.raises(MicronetsError, match=rf"process {other.pid} .* wait for it to end"):
        claim(tmp_path / "results")
    other.send_signal(signal.SIGKILL)
    other.communicate()
    claim(tmp_path / "results")
    assert f"process {os.getpid()} " in (tmp_path / "results" / ".workflow.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["kws", "tracking.json"])
def test_a_folder_where_others_files_are_in_the_way_is_not_claimed(tmp_path, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(MicronetsError, match=rf"holds {name}, which no workflow has written; move it away"):
        claim(tmp_path, ("logs", "kws", "tracking.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "notes.txt"])
    (tmp_path / name).unlink()
    claim(tmp_path, ("logs", "kws", "tracking.json"))
    (tmp_path / "kws").mkdir()  # the workflow's own, from now on
    _release()
    claim(tmp_path, ("logs", "kws", "tracking.json"))
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    _release()


def test_a_working_folder_that_snakemake_cannot_write_to_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_working_folder()
    (tmp_path / ".snakemake").rmdir()
    (tmp_path / ".snakemake").touch()
    with pytest.raises(MicronetsError, match=r"cannot be written to \(File exists\).* --directory <folder>"):
        check_working_folder()


def test_a_file_in_a_folder_that_is_replaced_as_a_whole_is_not_lost(tmp_path):
    with atomic_directory(tmp_path / "kws" / "data") as data, output_folder(tmp_path / "kws" / "src") as sources:
        (data / "dataset.json").touch()
        (sources / "network.c").touch()
    for folder in ("data", "src"):
        (tmp_path / "kws" / folder / ".snakemake_timestamp").touch()  # as in every output that is a directory
    claim(tmp_path)
    _release()
    for folder in ("data", "src"):
        mine = tmp_path / "kws" / folder / "notes.txt"
        mine.write_text("mine", encoding="utf-8")
        with pytest.raises(MicronetsError, match=rf"{folder}/notes.txt was not written by the workflow"):
            claim(tmp_path)
        mine.unlink()
    (tmp_path / "kws" / "src" / "network.c").write_text("edited", encoding="utf-8")
    with pytest.raises(MicronetsError, match=r"network.c was changed since it was written"):
        claim(tmp_path)


def _release():
    """As the end of the process does."""
    job_module._claims.pop().close()


WAIT = """
import subprocess, sys, time
from pathlib import Path
from micronets.job import job
with job("waiter", sys.argv[1]):
    child = subprocess.Popen(["sleep", "300"])
    Path(sys.argv[2]).write_text(str(child.pid))
    time.sleep(300)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_job_and_its_children_with_a_sentence(repository, tmp_path, number):
    note, log = tmp_path / "child", tmp_path / "job.log"
    waiter = start(repository, WAIT, str(log), str(note))
    wait_for(lambda: note.exists() and note.read_text(), "the job did not start")
    child = int(note.read_text())
    waiter.send_signal(number)
    _, errors = waiter.communicate(timeout=WAIT_S)
    assert waiter.returncode == 1
    assert errors.splitlines() == ["[waiter] started", "[waiter] Interrupted; run the same command to go on."]
    assert "Traceback" not in log.read_text(encoding="utf-8")
    wait_for(lambda: not running(child), "the job's child outlived it")


WORKFLOW = """
import subprocess, sys, time
from pathlib import Path
from micronets.interruption import Interrupted, JobsEnd
ending = JobsEnd("scripts-of-jobs")
job = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(300)",
                        "/scripts-of-jobs/one.py"])
other = subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(job.pid, other.pid, flush=True)
try:
    time.sleep(300)
except Interrupted:
    print("interrupted", ending.happened, flush=True)
job.wait(20)
"""


@pytest.mark.slow
def test_a_signal_to_the_workflow_ends_its_jobs_even_those_that_ignore_it(repository, tmp_path):
    workflow = start(repository, WORKFLOW)
    job, other = map(int, workflow.stdout.readline().split())
    time.sleep(0.5)  # until the job ignores signals
    try:
        workflow.send_signal(signal.SIGTERM)
        output, errors = workflow.communicate(timeout=WAIT_S)
        assert (workflow.returncode, output, errors) == (0, "interrupted True\n", "")
        assert not running(job)
        assert running(other)  # a command that asks a cluster, say
    finally:
        os.kill(other, signal.SIGKILL)
