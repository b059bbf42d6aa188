# Two commands on a fresh machine: `make demo` and `make test`. Everything else builds on the same .venv.
# Needs Python 3.11 with venv and pip, and apt (as root or with sudo) for espeak-ng, which only training uses.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long serve bench lint proto clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with everything pinned

# torch goes first and alone: its pinned version resolves to the CPU build, later ranges then keep it.
$(STAMP): pyproject.toml protos/pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ./protos -e '.[dev]'
	touch $@

demo: $(STAMP) ## one live session, end to end, on real speech; leaves out/
	$(BIN)/counterpoint demo

test: $(STAMP) ## everything that must hold, at most 10 minutes on 2 cores
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -m 'not long'

test-long: $(STAMP) ## also what takes longer, at most 60 minutes
	$(BIN)/python -m pytest

serve: $(STAMP) ## serve on this machine until Ctrl-C
	$(BIN)/counterpoint serve

bench: $(STAMP) ## sessions, latency, baselines; leaves out/bench.json
	$(BIN)/counterpoint bench

lint: $(STAMP) ## ruff, and the generated code is what the generator gives
	$(BIN)/ruff check .
	$(BIN)/python protos/generate.py --check

proto: $(STAMP) ## write the generated code anew
	$(BIN)/python protos/generate.py

clean: ## remove what the targets above made
	rm -rf out build $(VENV)
