# Every target sets up what it needs: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet -c constraints.txt
# the tests' models are tiny: more threads only get in each other's way
QUIET = OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

.DEFAULT_GOAL := help
.PHONY: help demo test test-versions test-oldest test-saelens check bench-codegen bench-runtime zoo suites notes \
	oracle clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## rewrite fixtures/autoencoder.py, show the diff, run it and print its cache
	@$(QUIET) $(BIN)/python tests/demo/autoencoder.py

test: $(VENV)/.installed-test  ## install with the extra `test` and pass the tests
	$(QUIET) $(BIN)/python -m pytest -n auto $(ARGS)

# what runs without torch: the command's own tests, on each Python of the range that is found
VERSIONS := 3.10 3.11 3.12 3.13 3.14
FOUND = $(foreach v,$(VERSIONS),$(if $(shell python$v -c 'print(1)' 2>/dev/null),$v))
COMMAND_TESTS = tests/command tests/sites

test-versions: $(FOUND:%=test-python%)  ## the command's tests, without torch, on each Python that is found
	@echo "passed on: $(FOUND)"

test-python%: .venv-python%/.installed
	$(QUIET) .venv-python$*/bin/python -m pytest -q -n auto $(COMMAND_TESTS) $(ARGS)

.venv-python%/.installed: pyproject.toml constraints.txt
	python$* -m venv .venv-python$*
	.venv-python$*/bin/python -m pip install --quiet -c constraints.txt -e . pytest pytest-xdist \
		hypothesis
	@touch $@

test-oldest: .venv-oldest/.installed  ## the runtime's tests on the oldest torch, transformer-lens and libcst
	$(QUIET) .venv-oldest/bin/python -m pytest -q -n auto tests/runtime $(ARGS)

.venv-oldest/.installed: pyproject.toml tests/oldest.txt
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet -c tests/oldest.txt -e '.[test]'
	@touch $@

test-saelens: .venv-saelens/.installed  ## SAELens on hooked models, in an environment of its own
	$(QUIET) .venv-saelens/bin/python -m pytest -q tests/saelens $(ARGS)

.venv-saelens/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-saelens
	.venv-saelens/bin/python -m pip install --quiet torch==2.13.0
	.venv-saelens/bin/python -m pip install --quiet -e '.[runtime]' sae-lens==6.54.0 \
		transformer-lens==3.9.0 pytest
	@touch $@

check: $(VENV)/.installed-check  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

bench-codegen: $(VENV)/.installed-test  ## the rewriter's time, against libcst's own
	$(QUIET) $(BIN)/python tests/benchmarks/bench_codegen.py $(ARGS)

bench-runtime: .venv-bench/.installed  ## what hook points cost, beside nnsight and Auto_HookPoint
	$(QUIET) .venv-bench/bin/python tests/benchmarks/bench_runtime.py $(ARGS)

# the last transformer-lens that Auto_HookPoint works with; without pip's check, since it says <3
.venv-bench/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet torch==2.13.0
	.venv-bench/bin/python -m pip install --quiet -e '.[runtime]' transformers==5.23.0 \
		transformer-lens==3.9.0 nnsight==0.8.1
	.venv-bench/bin/python -m pip install --quiet --no-deps auto-hookpoint==0.6.0
	@touch $@

zoo: .venv-zoo/.installed  ## other people's models: an hour or two; resumes; writes tests/zoo/RESULTS.md
	$(QUIET) .venv-zoo/bin/python -m tests.zoo $(ARGS)

notes: $(VENV)/.installed-test  ## how many notes the model files of transformers have, each file alone
	$(QUIET) $(BIN)/python -m tests.zoo.notes $(ARGS)

suites: .venv-zoo/.installed  ## other packages' own tests, plain and rewritten; writes tests/zoo/RESULTS.md too
	$(QUIET) .venv-zoo/bin/python -m tests.zoo.run_suites $(ARGS)

# the oracles compare in an environment each
oracle: .venv-lens3/.installed .venv-lens4/.installed  ## our tensors and TransformerLens's; writes tests/oracle/*.md
	$(QUIET) .venv-lens3/bin/python -W ignore -m tests.oracle reimplemented
	$(QUIET) .venv-lens3/bin/python -m tests.oracle.handwritten
	$(QUIET) .venv-lens4/bin/python -W ignore -m tests.oracle bridge
	$(QUIET) .venv-lens4/bin/python -m tests.oracle.results

.venv-lens%/.installed: pyproject.toml tests/oracle/lens%.txt
	$(PYTHON) -m venv .venv-lens$*
	.venv-lens$*/bin/python -m pip install --quiet -c tests/oracle/lens$*.txt -e '.[test]'
	@touch $@

clean:  ## remove the virtual environment and what the tools left
	rm -rf $(VENV) .venv-zoo .venv-bench .venv-saelens .venv-oldest .venv-lens* .venv-python* build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[runtime]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[test]'
	@touch $@

$(VENV)/.installed-check: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[test,check]'
	@touch $@

# torchvision and torchaudio are the ones that their packages want; --no-deps leaves torch as
# constraints.txt has it. torchaudio goes without its libraries, which are CUDA's
.venv-zoo/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-zoo
	.venv-zoo/bin/python -m pip install --quiet -c constraints.txt -e '.[test]' pillow scipy \
		einx==0.4.3 ema-pytorch==0.8.3 gymnasium==1.4.0 loguru==0.7.3 torch-einops-utils==0.2.0 \
		opt-einsum==3.4.0 ruamel.yaml==0.19.1 tensorly==0.10.0 tensorly-torch==0.5.0
	.venv-zoo/bin/python -m pip install --quiet --no-deps torchvision==0.28.0 timm==1.0.31 \
		vit-pytorch==1.26.11 segmentation-models-pytorch==0.6.0 x-transformers==2.31.10 \
		vector-quantize-pytorch==1.32.0 denoising-diffusion-pytorch==2.3.4 pytorchcv==0.0.74 \
		diffusers==0.42.1 torch-geometric==2.8.1 torchaudio==2.11.0 stable-baselines3==2.9.2 \
		monai==1.6.1 spandrel==0.4.2
	rm -f .venv-zoo/lib/python*/site-packages/torchaudio/lib/*.so
	@touch $@
