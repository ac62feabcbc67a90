# make run     set up, then run the workflow with the default configuration
# make test    set up, then run all tests
# make test-slurm  run the small workflow on a Slurm of its own, which is installed where the user may
# make test-browser  look at the pages in Chromium, which is installed where the user may
# make faults  break things on purpose (kills, disks, tools, the code itself), and write docs/reliability.md
# make lint    style of Python, of the workflow, and Snakemake's own lint
# make bench   compile and profile the .tflite files in the folder MODELS
# make fuzz    throw random networks at the compiler
# make setup   only set up: a virtual environment in .venv and, where the user may, the Arm compiler and the emulator
.PHONY: run test test-slurm test-browser faults quick lint bench fuzz setup

MODELS ?= ../shared/models
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)

run: setup
	snakemake --cores all

# Three processes on two cores: tests wait for the programs that they start.
test: setup
	pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not campaign"

test-slurm: setup
	@python3 envs/set_up.py slurm-wlm munge
	pytest tests/slurm

test-browser: setup
	@python3 envs/set_up.py chromium
	pytest tests/browser

faults: setup
	@python3 envs/set_up.py strace
	python -m tests.faults $(FAULTS)

quick: setup
	pytest -n 3 -m "not slow and not emulator and not training and not workflow and not campaign"

lint: setup
	ruff check .
	ruff format --check .
	mypy
	git ls-files '*.c' '*.h' '*.cpp' | xargs clang-format --dry-run -Werror
	snakefmt --check Snakefile rules
	snakemake --lint

bench: setup
	micronets benchmark "$(MODELS)" --output results/benchmark

fuzz: setup
	micronets fuzz

setup:
	@python3 envs/set_up.py

