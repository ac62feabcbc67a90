# make run     set up, then run the workflow with the default configuration
# make test    set up, then run all tests
# make quick   the tests that take neither compiler of the board, emulator nor training: under two minutes
# make lint    style of Python, C and the workflow, types, and Snakemake's own lint
# make bench, make fuzz    benchmarks and fuzzing of the firmware stage
# make setup   only set up: a virtual environment in .venv and, where the user may, the Arm compiler and the emulator
.PHONY: run test quick lint bench fuzz setup

BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)

run: setup
	snakemake --cores all

test: setup
	pytest -n 2 --dist loadfile tests/workflow tests  # the longest first

quick: setup
	pytest -n 2 -m "not slow and not emulator and not training and not workflow"

lint: setup
	ruff check .
	ruff format --check .
	mypy
	git ls-files '*.c' '*.h' '*.cpp' | xargs clang-format --dry-run -Werror
	snakefmt --check Snakefile rules
	snakemake --lint

bench: setup
	python -m micronets.benchmark.models

fuzz: setup
	python -m micronets.fuzz

setup:
	@python3 envs/set_up.py

