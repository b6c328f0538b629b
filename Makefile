# Every target first makes the environment in .venv, or finds it ready (scripts/bootstrap).

.DEFAULT_GOAL := help
.PHONY: help environment demo test slow calibration lint types format bench figures docs constraints package clean

BIN := .venv/bin
PYTHON := $(BIN)/python
# One thread a process: pytest already runs one process a core.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
# What shares compiled models or results runs in one process, long files first (tests/conftest.py).
PYTEST := $(ONE_THREAD) $(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

environment: ## make or update .venv (the others do it themselves)
	@sh scripts/bootstrap
	@env -u PYTHONDONTWRITEBYTECODE $(PYTHON) -m compileall -q src

demo: environment ## bundled real data -> verdicts and figures
	$(BIN)/equipoise demo $(ARGS)

test: environment ## the tests, without the slow ones (ARGS="-k name" to choose)
	$(PYTEST) $(ARGS)

slow: environment ## the slow statistical checks
	$(PYTEST) -m slow --durations 10 $(ARGS)

# Journals are kept, so that a run that was stopped goes on; a check that fails ends make with 3.
CALIBRATION := .calibration
WORKERS ?= 1
calibration: environment ## the committed calibration, hours (WORKERS=2); goes on where it stood
	@mkdir -p $(CALIBRATION)
	$(ONE_THREAD) $(BIN)/equipoise calibrate run --engine fast --datasets 5000 --seed 1 \
	  --workers $(WORKERS) --output $(CALIBRATION)/fast.jsonl
	$(ONE_THREAD) $(BIN)/equipoise calibrate run --engine path --datasets 600 --seed 1 \
	  --workers $(WORKERS) --output $(CALIBRATION)/path.jsonl
	for engine in fast path; do $(BIN)/equipoise calibrate check $(CALIBRATION)/$$engine.jsonl \
	  --json docs/checks/calibration-$$engine.json --figures docs/figures/calibration-$$engine \
	  || failed=3; done; exit $${failed:-0}

lint: environment ## style, formatting, length of files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@find src tests -name '*.py' -exec wc -l {} + | awk \
	  '$$2 != "total" && $$1 >= 400 {print $$2 ": " $$1 " lines; split it before 400"; bad = 1} END {exit bad}'

types: environment ## mypy, strict
	$(BIN)/mypy

format: environment ## put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: environment ## the benchmarks (ARGS="samples" to choose), into benchmarks/RESULTS.md
	@sh scripts/peers
	$(ONE_THREAD) env -u PYTHONDONTWRITEBYTECODE $(PYTHON) -m benchmarks $(ARGS)

figures: environment ## the README's picture, anew
	$(PYTHON) scripts/figures.py

# Executed pages are kept in docs/_build; a change of the source has them run again.
docs: ## the documentation site, into docs/_build/html
	@sh scripts/bootstrap docs
	@env -u PYTHONDONTWRITEBYTECODE $(PYTHON) -m compileall -q src
	$(ONE_THREAD) $(PYTHON) -m sphinx -b html -W --keep-going -n -q docs docs/_build/html $(ARGS)
	@echo "docs/_build/html/index.html: open it in a browser, no network needed."

constraints: environment ## resolve constraints.txt anew, with the newest versions
	@sh scripts/constraints

package: environment ## sdist and wheel into dist/, and a wheel tried in an empty environment
	@uv=$$(command -v uv || echo $(BIN)/uv); [ -x "$$uv" ] || \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check uv; \
	  "$$uv" build --quiet --out-dir dist
	$(BIN)/pytest -m slow tests/statistical/test_wheel.py

clean: ## remove what tools and the demo left (not .venv)
	rm -rf docs/_build docs/reference/generated build dist equipoise-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
