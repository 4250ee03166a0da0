# Two commands on a fresh machine: `make run` and `make test`.
BIN := .venv/bin
PYTEST_ARGS ?= -n 2
LOCK := $(BIN)/uv pip compile pyproject.toml --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --python-version 3.11 --quiet

.PHONY: help run test check bench lock clean

help:  ## What can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: .venv/installed  ## Start everything with the demo desks; Ctrl-C stops it
	@exec $(BIN)/roamdesk serve --demo

test: check  ## Lint, types, import contract and every test
	@.ci/need-chromium
	$(BIN)/pytest $(PYTEST_ARGS) --ignore=tests/browser
	$(BIN)/pytest $(PYTEST_ARGS) tests/browser

check: .venv/installed-dev  ## Lint, types and import contract only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src
	$(BIN)/lint-imports

bench: .venv/installed-dev  ## The figures, as ratios
	$(BIN)/python -m benchmarks

lock: .venv/installed-dev  ## Resolve the ranges of pyproject.toml anew into the lock files
	$(BIN)/pip install --quiet uv
	$(LOCK) --upgrade --extra install --output-file requirements.lock
	$(LOCK) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:  ## Remove the environment and caches; the data under var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +

.venv/installed: requirements.lock pyproject.toml
	@.ci/make-venv requirements.lock
	@touch $@

.venv/installed-dev: requirements-dev.lock pyproject.toml
	@.ci/make-venv requirements-dev.lock
	@touch $@ .venv/installed
