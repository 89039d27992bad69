# Needs python3 (3.11 or newer, with venv and pip), git and make; everything else is set up here.

PYTHON ?= python3
UV_VERSION := 0.13.9

BIN := .venv/bin
UV := $(BIN)/uv
# uv and pip of this project only: no other Python, no other environment, no chatter.
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON := $(CURDIR)/.venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
export UV_COMPILE_BYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport VIRTUAL_ENV
# Where the demo and its test find the AWS that says no (cli/demo.py).
export ASSUMABLE_MINISTACK := $(CURDIR)/.venv-ministack/bin/ministack

SYNCED := .venv/.synced
MINISTACK := .venv-ministack/.synced

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench nightly mutants gen build clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: $(SYNCED) $(MINISTACK) ## the five classic failures, explained against an embedded AWS
	@$(BIN)/assumable demo

test: $(SYNCED) $(MINISTACK) ## every test, in parallel
	@$(BIN)/pytest -n auto $(ARGS)

check: $(SYNCED) ## lint, format, types, architecture, generated files in step
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo 'run: $(BIN)/ruff format'; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory gen
	@git diff --exit-code --stat -- docs/schema docs/rules.md README.md || { echo 'generated files were out of step: commit them'; exit 1; }

bench: $(SYNCED) ## how fast it decides and reads
	@$(BIN)/python benchmarks/decide.py
	@$(BIN)/python benchmarks/cold_start.py
	@$(BIN)/python benchmarks/reader.py
	@$(BIN)/python benchmarks/org.py

nightly: $(SYNCED) ## a million cases against the reference, 16 667 half-read worlds, long fuzzing, 50 killed runs
	@ASSUMABLE_CASES=1000000 ASSUMABLE_KILLS=50 ASSUMABLE_SEED=$${ASSUMABLE_SEED:-$$(date +%s)} HYPOTHESIS_PROFILE=nightly \
	  $(BIN)/pytest -n auto -q tests/reference tests/partial tests/fuzz tests/collect $(ARGS)

mutants: $(SYNCED) ## mutation testing of the engine's core; docs/assurance.md says what survives
	@$(UV) sync --quiet --frozen --inexact --group mutation
	@ASSUMABLE_CASES=300 $(BIN)/mutmut run --max-children 2
	@$(BIN)/mutmut results

gen: $(SYNCED) ## write what is generated (docs/schema, docs/rules.md, README)
	@$(BIN)/python scripts/gen.py

build: $(SYNCED) ## wheel and source archive in dist/
	@$(UV) build --quiet --clear --no-build-isolation

clean: ## remove the environments and every cache
	@rm -rf .venv .venv-ministack dist htmlcov .coverage* .hypothesis .benchmarks \
	  .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- environments; the stamps make a second run immediate ----------------------------------------

$(UV): | .venv/bin/python
	@$(BIN)/python -m pip install -qq 'uv==$(UV_VERSION)'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@echo 'setting up .venv' >&2
	@$(PYTHON) -m venv .venv

# uv takes what uv.lock names straight from PyPI; where only pip knows the way (a mirror in
# pip.conf), pip installs the same versions, held to the same hashes.
$(SYNCED): uv.lock pyproject.toml | $(UV)
	@$(UV) sync --quiet --frozen --inexact || { \
	  echo 'uv failed; trying pip' >&2; \
	  $(UV) export --quiet --frozen --no-emit-project -o .venv/requirements.txt && \
	  $(BIN)/python -m pip install -qq --require-hashes -r .venv/requirements.txt && \
	  $(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .; }
	@$(BIN)/python -m compileall -q src
	@touch $@

# MiniStack pins its botocore exactly, so it lives apart and runs as a process of its own.
$(MINISTACK): demo/requirements.txt | $(UV)
	@echo 'setting up .venv-ministack' >&2
	@$(BIN)/python -m venv --clear --without-pip .venv-ministack
	@$(UV) pip install --quiet --python .venv-ministack --require-hashes -r $< || { \
	  echo 'uv failed; trying pip' >&2; \
	  $(BIN)/python -m pip --python .venv-ministack/bin/python install -qq --require-hashes -r $<; }
	@touch $@
