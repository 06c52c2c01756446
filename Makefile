# Two commands do everything, each setting up what it needs:
#   make report                       a simulated survey, fitted and reported
#   make report DATA=FILE GROUP=COL   the 2015 interviews (STUDY=... for a study of your own)
#   make test                         tests, lint, types, import rules
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
ORACLES := .venv-oracles
BIN := $(VENV)/bin
STUDY ?= $(if $(DATA),data/acsi2015/study.yaml,data/demo/study.yaml)
NAME := $(notdir $(patsubst %/,%,$(dir $(STUDY))))
OUT ?= reports/$(NAME)
REQUIREMENTS := $(wildcard requirements/*.in) pyproject.toml

.PHONY: help setup setup-dev report methods national test check bench study faults lock clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 14

$(BIN)/uv: requirements/uv.txt
	@echo "acsi_sem: making a Python environment in $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "acsi_sem needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python cannot make a virtual environment here (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: $(BIN)/uv requirements/run.txt pyproject.toml
	@echo "acsi_sem: installing the pinned packages (once, about a minute) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements/run.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt requirements/cluster.txt
	@echo "acsi_sem: installing the pinned test tools (once) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements/dev.txt -r requirements/cluster.txt
	@touch $@

setup: $(VENV)/.run ## the environment that runs acsi-sem
setup-dev: $(VENV)/.dev ## the environment that tests it

data/demo/survey.csv: $(VENV)/.run acsi_sem/simulate/demo.py models/acsi.yaml
	@echo "acsi_sem: simulating a small survey (seeded) ..."
	@$(BIN)/acsi-sem simulate --model models/acsi.yaml --out $@ --force

report: $(VENV)/.run $(if $(filter data/demo/study.yaml,$(STUDY)),data/demo/survey.csv) ## fit a study and write its report (DATA=, GROUP=, STUDY=, OUT=)
	@$(BIN)/acsi-sem report "$(STUDY)" --out "$(OUT)" $(if $(DATA),--data "$(DATA)") $(if $(GROUP),--group "$(GROUP)")

data/methods/survey.csv: $(VENV)/.run acsi_sem/simulate/demo.py acsi_sem/simulate/extras.py models/acsi.yaml
	@echo "acsi_sem: simulating a small survey with further questions (seeded) ..."
	@$(BIN)/acsi-sem simulate --model models/acsi.yaml --extras --out $@ --force

methods: data/methods/survey.csv ## every assessment method, systems compared and the survey explored, on simulated answers
	@$(BIN)/acsi-sem report data/methods/study.yaml --out reports/methods
	@$(BIN)/acsi-sem compare data/methods/study.yaml --out reports/methods-compare
	@$(BIN)/acsi-sem explore data/methods/study.yaml --out reports/methods-explore

national: $(VENV)/.run ## simulate a nation's quarter, run it, write its site (FULL=1: replicates for every engine)
	@mkdir -p reports/national
	@$(BIN)/acsi-sem simulate --nation --out reports/national --first 2026Q3 --quarters 1 --no-truth --force
	@$(BIN)/acsi-sem run reports/national/study.yaml --period 2026Q3 --jobs 2 $(if $(FULL),--full) $(if $(REASON),--reason "$(REASON)")

check: $(VENV)/.dev ## lint, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## lint, types, import rules, then every test
	$(BIN)/python -m pytest -n 2

$(ORACLES)/.done: $(BIN)/uv requirements/oracles.txt
	@echo "acsi_sem: installing openpls-engine (GPL, for comparison only) in $(ORACLES) ..."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(ORACLES)
	@$(BIN)/uv pip install --quiet --python $(ORACLES)/bin/python --require-hashes -r requirements/oracles.txt
	@touch $@

bench: $(VENV)/.dev $(ORACLES)/.done ## how fast, beside semopy and openpls-engine (ten minutes)
	$(BIN)/python -m benchmarks.replicates
	$(BIN)/python -m benchmarks.pls_engines
	$(BIN)/python -m benchmarks.workers
	$(BIN)/python -m benchmarks.national
	$(BIN)/python -m benchmarks.streaming

study: $(VENV)/.dev ## how often 95 % intervals cover the truth (an hour on two cores)
	$(BIN)/python -m benchmarks.coverage --workers 2
	$(BIN)/python -m benchmarks.coverage_pls --workers 2
	$(BIN)/python -m benchmarks.coverage_national --workers 2
	$(BIN)/python -m benchmarks.coverage_methods --workers 2

faults: $(VENV)/.dev ## kill runs at random moments, fill the disk, lose workers (half an hour)
	$(BIN)/python -m benchmarks.faults

lock: $(BIN)/uv ## renew the pinned requirements
	sh requirements/lock.sh

clean: ## remove what was made (the environment too)
	rm -rf $(VENV) $(ORACLES) reports/*/ data/demo/survey.csv data/methods/survey.csv .mypy_cache .ruff_cache .pytest_cache
