import os
import sys
from dataclasses import asdict

from micronets.boards import find_board
from micronets.configuration import resolve, teacher_of
from micronets.errors import MicronetsError
from micronets.tflm.library import CORE_PLACEHOLDER
from micronets.job import claim
from micronets.published import PUBLISHED
from micronets.runtime import MICRONETS, options_of
from micronets.target import EMULATOR, serial_port
from micronets.terminal import quieten_snakemake
from micronets.tracking import STORE_VARIABLE, store_uri

try:
    CONFIGURATION = resolve(config)
except MicronetsError as error:
    sys.exit(str(error))

TASKS = CONFIGURATION.tasks
R = CONFIGURATION.results
os.environ[STORE_VARIABLE] = store_uri(CONFIGURATION.store)
OUTPUT = workflow.output_settings
if workflow.is_main_process and not OUTPUT.dryrun and not OUTPUT.verbose:
    TERMINAL = quieten_snakemake()
else:
    TERMINAL = None


wildcard_constraints:
    task="|".join(TASKS),
    model="[a-z0-9-]+",
    teacher="[a-z0-9-]+",
    board="[a-z0-9-]+",
    runtime="(tflm/)?",


def section(name):
    """A params function: the section that holds for the job's task and, where it has one, its model."""
    return lambda wildcards: TASKS[wildcards.task].section(name, wildcards.get("model"))


def runtime_name(wildcards):
    """A params function: the runtime whose folder the job works in; our own has none."""
    return wildcards.runtime.rstrip("/") or MICRONETS


def runtime_options(wildcards):
    """A params function: what the section firmware says to the job's runtime."""
    return options_of(section("firmware")(wildcards), runtime_name(wildcards))


def compiler_options(wildcards):
    """A params function: what the section firmware says to our own compiler."""
    return options_of(section("firmware")(wildcards), MICRONETS)


def runtime_library(wildcards):
    """An input function: the library of the job's runtime, so that a new one is linked anew; none of our own."""
    library = runtime_options(wildcards).get("library")
    core = find_board(wildcards.board).core
    return library.replace(CORE_PLACEHOLDER, core) if library else []


def runs_on_board(wildcards):
    """A params function: whether the job's model is to be profiled on a board, not only on its emulator."""
    return (
        serial_port(section("profile")(wildcards).get("target", EMULATOR)) is not None
    )


def outside_options(wildcards):
    """A params function: what a .tflite file from elsewhere reads and answers; nothing of a network trained here."""
    elsewhere = TASKS[wildcards.task].models[wildcards.model].tflite_path
    return section("evaluate")(wildcards) if elsewhere else {}


def search_budget(wildcards):
    """A params function: what the board of the job's search leaves for a network, so that another one is noticed."""
    return asdict(find_board(section("search")(wildcards)["board"]).budget)


def teacher_network(wildcards):
    """The trained teacher of the job's model; nothing where it learns alone."""
    teacher = teacher_of(TASKS[wildcards.task].section("train", wildcards.model))
    return f"{R}/{wildcards.task}/teachers/{teacher}/float.npz" if teacher else []


def per_model(pattern, task=None):
    """The pattern for every configured model, of one task or of all."""
    chosen = TASKS.values() if task is None else [TASKS[task]]
    return [
        pattern.format(R=R, task=t.name, model=model)
        for t in chosen
        for model in t.models
    ]


def per_trained_model(pattern, task=None):
    """The pattern for every configured model that is trained here, of one task or of all."""
    chosen = TASKS.values() if task is None else [TASKS[task]]
    return [
        pattern.format(R=R, task=t.name, model=model.name)
        for t in chosen
        for model in t.trained
    ]


def per_board(pattern, task=None):
    """The pattern for every board of every configured model, of one task or of all."""
    chosen = TASKS.values() if task is None else [TASKS[task]]
    return [
        pattern.format(R=R, task=t.name, model=model.name, board=board)
        for t in chosen
        for model in t.models.values()
        for board in model.boards
    ]


def per_build(pattern, task=None):
    """The pattern for every board and runtime of every configured model, of one task or of all."""
    chosen = TASKS.values() if task is None else [TASKS[task]]
    return [
        pattern.format(R=R, task=t.name, model=model.name, build=build)
        for t in chosen
        for model in t.models.values()
        for build in model.builds
    ]


def spotted(pattern):
    """An input function: the pattern for every model and board of the tasks in which words are spotted."""

    def paths(wildcards):
        tasks = [task.name for task in TASKS.values() if "spot" in task.sections]
        if not tasks:
            sys.exit(
                "No task of this run spots words in a stream; add --config task=kws."
            )
        return [path for task in tasks for path in per_board(pattern, task)]

    return paths


def evaluated(name):
    """An input function: a file of the evaluation of the configured .tflite file."""

    def path(wildcards):
        if not CONFIGURATION.model:
            sys.exit(
                "There is no file to evaluate; add --config task=<name> model=<file.tflite>."
            )
        return [f"{EVALUATED}/{name}".format(task=task) for task in TASKS]

    return path


def claim_results():
    """Stops where another workflow works on the same results folder, or others' files are in the way there."""
    try:
        claim(R, (*TASKS, "characterise", "logs", "benchmarks", "tracking.json"))
    except MicronetsError as error:
        sys.exit(str(error))


def print_failures(log):
    """Prints what the failed jobs said, last of all, and where their logs and Snakemake's are."""
    said = TERMINAL.failures() if TERMINAL else []
    logs = (f"Log of the workflow: {os.path.relpath(path)}" for path in log)
    print("", *said, *logs, sep="\n", file=sys.stderr, flush=True)


def print_summary():
    """Prints every task's table, or what the configured .tflite file is worth, and where there is more to see."""
    for task in TASKS:
        page = f"{R}/{task}/report/report.html"
        path = f"{R}/{task}/report/summary.txt"
        if CONFIGURATION.model:
            page = path = f"{EVALUATED}/summary.txt".format(task=task)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                print(f"\n{stream.read()}\nReport: {page}", flush=True)
    store = os.environ[STORE_VARIABLE]
    command = f"mlflow ui --backend-store-uri {store}"
    print(f"Runs:   {command if store.startswith('sqlite:') else store}", flush=True)
