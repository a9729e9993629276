# Leye's commands. `make help` lists them; README.md says more.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
LOAD ?=
# Two cores are the machine that everything must fit.
WORKERS ?= 2

.PHONY: help setup setup-dev demo serve test check audit oracle translations screenshots soak clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@bash scripts/make-venv $(PYTHON) $(VENV)

$(VENV)/.demo: requirements/demo.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/demo.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.lock
	@touch $@

setup: $(VENV)/.demo ## install what running needs, into .venv
setup-dev: $(VENV)/.dev ## install what testing needs, Chromium included
	@bash scripts/install-chromium $(BIN)

demo: setup ## the whole business once, then the site to look at (ARGS="--no-serve" ends after the job)
	$(BIN)/leye demo $(ARGS)

serve: setup ## run the site and its jobs on this machine
	$(BIN)/leye serve $(ARGS)

test: setup-dev ## all tests that fit in ten minutes on 2 cores
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not audit" $(ARGS)

check: setup-dev ## format, lint, types, import contracts, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

audit: setup-dev ## the long gate (at most 30 minutes): page matrix, random histories, fuzzing, kills
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m audit $(ARGS)

.venv-oracle/.ready: requirements/oracle.lock
	@bash scripts/make-venv $(PYTHON) .venv-oracle
	.venv-oracle/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/oracle.lock
	@touch $@

oracle: setup-dev .venv-oracle/.ready ## beside Label Studio itself: answers, exports, then load (LOAD="--tasks 100000 …")
	$(BIN)/python -m pytest -n 0 scripts/oracle $(ARGS)
	PYTHONPATH=scripts $(BIN)/python -m oracle.load --json test-output/load.json $(LOAD)

soak: setup-dev ## scaled out on PostgreSQL, Redis and S3, parts killed all along (ARGS="--minutes 720 --annotators 16")
	PYTHONPATH=scripts:tests $(BIN)/python -m soak --json test-output/soak.json $(ARGS)

translations: setup-dev ## extract all texts and update the catalogues
	$(BIN)/python -m leye_platform.web.catalogue

screenshots: setup-dev ## pictures of every page, into docs/pictures
	$(BIN)/python scripts/screenshots.py $(ARGS)

clean: ## remove what tests and demos leave (the data folder stays)
	rm -rf demo-output test-output .mypy_cache .ruff_cache .pytest_cache .hypothesis
