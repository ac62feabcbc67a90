"""What a run of the workflow shows: short lines, no machinery, and after a failure the job's own sentence."""

import logging

import pytest

from micronets.terminal import LINE_LENGTH, TerminalLines, WorkflowLines, WorkflowProgress


def record(message: str | None, level: int = logging.INFO, **facts) -> logging.LogRecord:
    """As Snakemake logs: facts of an event as attributes of the record."""
    made = logging.LogRecord("snakemake.logging", level, __file__, 1, message, None, None)
    vars(made).update(facts)
    return made


def test_long_lines_are_broken_and_every_part_is_kept():
    text = ", ".join(f"class-{number} {number}" for number in range(40))
    lines = TerminalLines("kws data").format(record(text)).splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= LINE_LENGTH
    assert " ".join(line.strip() for line in lines) == f"[kws data] {text}"


def test_the_lines_of_a_table_stay_apart():
    lines = TerminalLines("kws spot").format(record("kept  12\n  lost   3\n  " + "word " * 30)).splitlines()
    assert lines[:2] == ["[kws spot] kept  12", "  lost   3"]
    assert len(lines) == 4 and max(map(len, lines)) <= LINE_LENGTH


def test_an_error_stays_one_line():
    sentence = "word " * 60 + "end."
    assert TerminalLines("kws data").format(record(sentence, logging.ERROR)) == f"[kws data] {sentence}"


@pytest.mark.parametrize(
    ("message", "facts", "shown"),
    [
        ("Select jobs to execute...", {}, False),
        ("Job stats: ...", {"event": "run_info"}, False),
        (None, {"event": "job_info", "rule_name": "prepare_data"}, False),
        ("RuleException:\nCalledProcessError in file ...", {"event": "error"}, False),
        ("WorkflowError:\nAt least one job did not complete successfully.", {"event": "error"}, False),
        (None, {"event": "progress", "done": 1, "total": 2}, True),
        ("MissingInputException in rule all", {"event": "error"}, True),
        ("Nothing to be done (all requested files are present and up to date).", {}, True),
        ("Trying to restart job 3.", {}, True),
    ],
)
def test_machinery_is_hidden_and_news_is_not(message, facts, shown):
    assert WorkflowLines().filter(record(message, **facts)) is shown


def test_progress_counts_steps_and_leaves_other_records_to_the_usual_formatter():
    progress = WorkflowProgress(logging.Formatter("usual: %(message)s"))
    assert progress.format(record(None, event="progress", done=3, total=9)) == "3 of 9 steps done after 0 s"
    assert progress.format(record("news")) == "usual: news"


def test_a_failure_is_told_by_the_last_error_of_its_log(tmp_path):
    log = tmp_path / "data.log"
    log.write_text("x INFO started\nx INFO reading\nx ERROR clips/ is empty; fill it.\n  trace\n")
    lines = WorkflowLines()
    failed = {"event": "job_error", "rule_name": "prepare_data", "log": [str(log), "rejected.csv"]}
    lines.filter(record("Error in rule", logging.ERROR, jobid=1, **failed))
    assert lines.failures() == ["clips/ is empty; fill it.", f"Log: {log}"]


def test_what_an_earlier_run_said_is_not_told_again(tmp_path):
    log = tmp_path / "data.log"
    log.write_text("x INFO started\nx ERROR clips/ is empty; fill it.\nx INFO started\nx INFO reading\n")
    lines = WorkflowLines()
    failed = {"event": "job_error", "rule_name": "prepare_data", "log": [str(log)]}
    lines.filter(record("Error in rule", logging.ERROR, jobid=1, **failed))
    assert lines.failures() == [
        "A job of the rule prepare_data ended without saying why; where memory ran out, run with fewer jobs at a time "
        "(snakemake --cores 1).",
        f"Log: {log}",
    ]


def test_a_job_that_was_killed_is_told_by_its_rule_and_one_that_succeeded_later_not_at_all():
    lines = WorkflowLines()
    for job in (1, 2):
        failed = {"event": "job_error", "rule_name": f"rule_{job}", "log": [], "jobid": job}
        lines.filter(record("Error in rule", logging.ERROR, **failed))
    lines.filter(record("Finished", event="job_finished", job_id=2))
    (sentence,) = lines.failures()
    assert sentence.startswith("A job of the rule rule_1 ended without saying why;")
