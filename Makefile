# Every target sets up what it needs: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet -c constraints.txt
# the tests' models are tiny: more threads only get in each other's way
QUIET = OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

.DEFAULT_GOAL := help
.PHONY: help demo test check bench-codegen bench-runtime clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## rewrite fixtures/autoencoder.py, show the diff, run it and print its cache
	@$(QUIET) $(BIN)/python tests/demo/autoencoder.py

test: $(VENV)/.installed-test  ## install with the extra `test` and pass the tests
	$(QUIET) $(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.installed-check  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

bench-codegen: $(VENV)/.installed-test  ## the rewriter's time, against libcst's own
	$(QUIET) $(BIN)/python tests/benchmarks/bench_codegen.py $(ARGS)

bench-runtime: $(VENV)/.installed-test  ## what an idle hook point costs
	$(QUIET) $(BIN)/python tests/benchmarks/bench_runtime.py $(ARGS)

clean:  ## remove the virtual environment and what the tools left
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[test]'
	@touch $@

$(VENV)/.installed-check: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[test,check]'
	@touch $@
