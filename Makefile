# Needs Python 3.11 or newer, make and a network. Everything else is made here.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# dlt brings its own versions of shared packages: the peers get an environment of their own.
BENCH := .venv-bench
BENCH_STAMP := $(BENCH)/.installed
DEMO ?= demo-project
# Tests wait for servers, signals and due times: half as many again as there are processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; count = os.cpu_count() or 1; print(count + (count + 1) // 2)')

.PHONY: help demo test test-slow soak lint fmt types docs bench check clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "regard needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[match,postgres,sftp,browser]" --group test --group lint --group types --group docs
	@touch $@

$(BENCH_STAMP): pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BENCH)/bin/python -m pip install --quiet --editable ".[postgres]" --group bench
	@touch $@

demo: $(STAMP)  ## Make a project with generated exports and shops, run it and print its reports
	$(BIN)/regard demo $(DEMO)

test: $(STAMP)  ## Run the tests
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

test-slow: $(STAMP)  ## Run the tests that take long
	$(BIN)/python -m pytest -n $(WORKERS) -m "slow and not soak"

soak: $(STAMP)  ## Kill runs five hundred times, and loops for ten minutes
	$(BIN)/python -m pytest -n $(WORKERS) -m soak

lint: $(STAMP)  ## Style, layers and documented tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/interrogate -q tests

fmt: $(STAMP)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP)  ## Check the types
	$(BIN)/mypy
	$(BIN)/mypy tests/typing

docs: $(STAMP)  ## Build the documentation; a broken reference fails
	$(BIN)/sphinx-build -n -W --keep-going -q -b html docs docs/_build/html

bench: $(BENCH_STAMP)  ## Measure speed, memory and accuracy beside named peers
	$(BENCH)/bin/python benchmarks/load.py --postgres auto
	$(BENCH)/bin/python benchmarks/crawl.py
	$(BENCH)/bin/python benchmarks/accuracy.py

check: lint types docs test test-slow  ## Everything CI checks

clean:  ## Remove what the targets made
	rm -rf $(VENV) $(BENCH) $(DEMO) docs/_build dist
