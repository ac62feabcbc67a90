import atexit
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from micronets import resources as needs
from micronets.boards import find_board
from micronets.clock import take_back
from micronets.configuration import resolve
from micronets.credentials import masked
from micronets.errors import MicronetsError
from micronets.incomplete import forget_incomplete
from micronets.interruption import GOES_ON, JobsEnd
from micronets.job import (
    SNAKEMAKE_FOLDER,
    WORKFLOW_VARIABLE,
    check_working_folder,
    claim,
)
from micronets.missing_builds import missing_builds
from micronets.run_configuration import teacher_of
from micronets.runtime import MICRONETS, options_of
from micronets.search.options import read_boards
from micronets.slurm import PendingJobs
from micronets.target import EMULATOR, serial_port
from micronets.terminal import quieten_snakemake
from micronets.tflm.library import library_path
from micronets.tracking import STORE_VARIABLE, store_uri
from micronets.tracking_process import TrackingProcess

try:
    CONFIGURATION = resolve(config)
except MicronetsError as error:
    sys.exit(str(error))

TASKS = CONFIGURATION.tasks
R = CONFIGURATION.results
config.setdefault(
    "results", R
)  # where another workflow uses this one as a module with a few keys of its own
os.environ[STORE_VARIABLE] = store_uri(CONFIGURATION.store)
os.environ[WORKFLOW_VARIABLE] = str(os.getpid())
OUTPUT = workflow.output_settings
if workflow.is_main_process and not OUTPUT.dryrun:
    TERMINAL = quieten_snakemake(hides=not OUTPUT.verbose)
else:
    TERMINAL = None
INTERRUPTION = None
TRACKING = None
if workflow.is_main_process:
    try:
        if not OUTPUT.dryrun:
            check_working_folder()
            take_back(R)
        for sentence in forget_incomplete(R, pretend=OUTPUT.dryrun):
            print(sentence, file=sys.stderr, flush=True)
    except MicronetsError as error:
        sys.exit(str(error))


wildcard_constraints:
    task="|".join(TASKS),
    model="[a-z0-9-]+",
    teacher="[a-z0-9-]+",
    board="[a-z0-9-]+",
    runtime="(tflm/)?",


def section(name):
    """A params function: the section that holds for the job's task and, where it has one, its model."""
    return lambda wildcards: TASKS[wildcards.task].section(name, wildcards.get("model"))


def model_seed(wildcards):
    """A params function: the seed of the job's search or training."""
    return TASKS[wildcards.task].models[wildcards.model].seed


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
    return str(library_path(library, core)) if library else []


def runs_on_board(wildcards):
    """A params function: whether the job's model is to be profiled on a board, not only on its emulator."""
    return (
        serial_port(section("profile")(wildcards).get("target", EMULATOR)) is not None
    )


def outside_options(wildcards):
    """A params function: what a .tflite file from elsewhere reads and answers; nothing of a network trained here."""
    elsewhere = TASKS[wildcards.task].models[wildcards.model].tflite_path
    return section("evaluate")(wildcards) if elsewhere else {}


def boards_of_search(wildcards):
    """The boards of the job's search."""
    return [
        find_board(name) for name in read_boards(section("search")(wildcards)["board"])
    ]


def search_boards(wildcards):
    """A params function: the boards of the job's search, so that another one of the same name is noticed."""
    return [asdict(board) for board in boards_of_search(wildcards)]


def search_budget(wildcards):
    """A params function: what the boards of the job's search leave for a network, so that another one is noticed."""
    return [asdict(board.budget) for board in boards_of_search(wildcards)]


def shared_weights(wildcards):
    """The weights that the job's search goes on with; nothing where it learns its own."""
    supernet = TASKS[wildcards.task].supernet_of.get(wildcards.model)
    return f"{R}/{wildcards.task}/supernets/{supernet}/supernet.npz" if supernet else []


def searches_of_supernet(wildcards):
    """A params function: the section search of every search that shares the job's weights."""
    members = TASKS[wildcards.task].supernets[wildcards.model]
    return [member.sections["search"] for member in members]


def teacher_network(wildcards):
    """The trained teacher of the job's model; nothing where it learns alone."""
    teacher = teacher_of(TASKS[wildcards.task].section("train", wildcards.model))
    return f"{R}/{wildcards.task}/teachers/{teacher}/float.npz" if teacher else []


def limits():
    """The most that a job may ask for: what a profile states as default resources max_mem_mb and max_runtime."""
    stated = workflow.resource_settings.default_resources or {}
    values = [stated.get(name) for name in ("max_mem_mb", "max_runtime")]
    return needs.Limits(*(getattr(value, "value", value) for value in values))


def stage_resources(stage, wildcards):
    """The stage's entry in the section resources that holds for a job."""
    if "task" not in wildcards.keys():
        return CONFIGURATION.resources[stage]
    return section("resources")(wildcards)[stage]


def work(stage, wildcards):
    """What the job of a stage comes to, as far as it grows with epochs and examples."""
    if stage not in ("supernet", "search", "teacher", "train"):
        return needs.Work()
    network = wildcards.teacher if stage == "teacher" else wildcards.model
    examples = needs.training_examples(Path(DATASET.format(task=wildcards.task)))
    return TASKS[wildcards.task].work(stage, network, examples)


def threads(stage):
    """A threads function."""
    return lambda wildcards: stage_resources(stage, wildcards)["threads"]


def gpus(stage):
    """A resources function: how many GPUs to ask a cluster for."""
    return lambda wildcards: stage_resources(stage, wildcards)["gpus"]


def memory_mb(stage):
    """A resources function; a job that failed gets more."""
    return lambda wildcards, attempt: needs.memory_mb(
        stage_resources(stage, wildcards), work(stage, wildcards), attempt, limits()
    )


def minutes(stage):
    """A resources function; a job that failed gets more."""
    return lambda wildcards, attempt: needs.minutes(
        stage_resources(stage, wildcards), work(stage, wildcards), attempt, limits()
    )


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


def every_output(wildcards):
    """An input function: what all stages leave of all that is configured, so that what was deleted is made again."""
    models = [(task, name) for task in TASKS.values() for name in task.models]
    searched = [pair for pair in models if pair[1] in CONFIGURATION.searched]
    paths = [DATASET.format(task=task) for task in TASKS]
    for pattern in rules.train_supernet.output:
        for task in TASKS.values():
            paths += [
                pattern.format(task=task.name, model=name) for name in task.supernets
            ]
    for pattern in rules.search_network.output:
        paths += [pattern.format(task=task.name, model=name) for task, name in searched]
    for pattern in rules.train_teacher.output:
        for task in TASKS.values():
            paths += [
                pattern.format(task=task.name, teacher=name) for name in task.teachers
            ]
    for pattern in (*rules.published_network.output, *rules.train_network.output):
        paths += per_trained_model(pattern)
    for pattern in rules.export_network.output:
        paths += per_model(pattern)
    for pattern in (*rules.build_firmware.output, *rules.profile_firmware.output):
        paths += per_build(pattern.replace("{board}/{runtime}", "{build}/"))
    return paths


def report_models(task):
    """Names of the builds by name of the model, as the report takes them."""
    return {model.name: model.builds for model in TASKS[task].models.values()}


def report_groups(task):
    """What models of a sweep are called with those that differ by their seed alone, by name of the model."""
    models = TASKS[task].models.values()
    return {model.name: model.group for model in models if model.group}


def paper_plan():
    """What the paper's page is made from; imported where it is asked for, since most runs do not ask."""
    from micronets.paper.plan import plan
    from micronets.tasks import find_task

    labels = {
        name: find_task(name).labels(task.sections["data"])
        for name, task in TASKS.items()
    }
    return plan(CONFIGURATION.paper["released"], labels)


def search_budgets(task):
    """Under which budget each model of a task is searched, in words, by its name."""
    budgets = {}
    for model in TASKS[task].models.values():
        if model.name in CONFIGURATION.searched:
            search = model.sections["search"]
            mops = f"at most {search['max_mops']:g}" if search["max_mops"] else "any"
            boards = " and ".join(read_boards(search["board"]))
            budgets[model.name] = f"for {boards}, {mops} Mops"
    return budgets


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


def start():
    """Claims the results folder, creates the tracking store before jobs meet in it, and watches signals and cluster.

    The store is no output of a rule: one that is due makes Snakemake overlook why jobs behind it are due as well.
    """
    global INTERRUPTION, TRACKING
    claimed = (
        *TASKS,
        "report",
        "characterise",
        "paper",
        "logs",
        "benchmarks",
        "tracking.json",
    )
    models = {
        name: sorted({*task.models, *task.teachers}) for name, task in TASKS.items()
    }
    try:
        claim(R, claimed)
        TRACKING = TrackingProcess(R, models)
    except MicronetsError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(GOES_ON)
    INTERRUPTION = JobsEnd(os.path.join(SNAKEMAKE_FOLDER, "scripts"))
    if not workflow.local_exec and shutil.which("squeue"):
        tell = lambda sentence: print(sentence, file=sys.stderr, flush=True)
        PendingJobs(os.getcwd(), tell).watch()


def finish_tracking():
    """Waits until what jobs have recorded is in the store."""
    if TRACKING:
        TRACKING.finish()


def print_failures(log):
    """Prints what the failed jobs said, last of all, and where their logs and Snakemake's are.

    Not before the process ends, because Snakemake's own account of the failure comes later than this is called.
    """
    finish_tracking()
    if INTERRUPTION and INTERRUPTION.happened:
        said = [GOES_ON]
    else:
        said = TERMINAL.failures() if TERMINAL else []
    logs = (f"Log of the workflow: {os.path.relpath(path)}" for path in log)
    atexit.register(print, "", *said, *logs, sep="\n", file=sys.stderr, flush=True)


def print_summary():
    """Prints the table of every task whose report was asked for, or what the configured .tflite file is worth, and where
    there is more to see; an error where a table is not of all that is configured."""
    finish_tracking()
    shown = {}
    rules_of_run = {job.rule.name for job in workflow.dag.jobs}
    for name, task in TASKS.items():
        page, path = PAGE, f"{R}/{name}/report/summary.txt"
        if "evaluate_model" in rules_of_run:
            page = path = f"{EVALUATED}/summary.txt".format(task=name)
        elif "write_report" not in rules_of_run:
            continue
        else:
            check_complete(name, f"{R}/{name}/report/summary.csv", task.models.values())
        with open(path, encoding="utf-8") as stream:
            print(f"\n{stream.read()}", flush=True)
        shown[page] = None
    if "write_paper" in rules_of_run:
        shown[PAPER_PAGE] = None
    for page in shown:
        print(f"Report: {page}", flush=True)
    store = os.environ[STORE_VARIABLE]
    command = f"mlflow ui --backend-store-uri {store}"
    print(
        f"Runs:   {command if store.startswith('sqlite:') else masked(store)}",
        flush=True,
    )
    for task, link in TRACKING.links.items() if TRACKING else ():
        print(f"  {task}: {link}", flush=True)


def check_complete(task, table, models):
    """Ends with a sentence where the table lacks a model, board or runtime."""
    try:
        lacking = missing_builds(table, {model.name: model.builds for model in models})
    except MicronetsError as error:
        sys.exit(str(error))
    if lacking:
        sys.exit(
            f"{table} lacks {', '.join(lacking)}; run snakemake --forcerun write_report."
        )
