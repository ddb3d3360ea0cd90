# Everything a person or a machine is expected to call. `make run` wants make and Python ≥ 3.11 and nothing else.

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
WORKERS ?= 2
MINUTES ?= 60
ARGS ?=
export PORT HOST

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --universal --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help run test test-long fuzz check bench bench-long format letters catalogues pictures lighthouse chromium dovecot provider
.PHONY: lock licences audit

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: .venv/installed ## web, worker and mail catcher on PORT (8000) and HOST (127.0.0.1), with demo data
	@exec $(BIN)/asanokai run

test: .venv/installed-dev chromium dovecot provider ## all tests, on SQLite and PostgreSQL, with a browser; ARGS go to pytest
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

test-long: .venv/installed-dev chromium dovecot provider ## the same without cuts
	@ASANOKAI_LONG=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

fuzz: .venv/installed-dev ## mails that nobody would send through the intake, MINUTES (60); figures at the end
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

check: .venv/installed-dev ## format, lint, types, catalogues, migrations against models
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.grounds.catalogues
	$(BIN)/python -m tests.grounds.migrations

bench: .venv/installed-dev ## the benchmark, in ten minutes; writes bench/results.json
	@$(BIN)/python -m bench

bench-long: .venv/installed-dev ## the same with growth up to 100 000 members
	@$(BIN)/python -m bench --long

format: .venv/installed-dev ## put code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

letters: .venv/installed-dev ## write every letter anew into tests/letters/; read the diff
	@REWRITE_LETTERS=1 $(BIN)/python -m pytest -q tests/test_golden_letters.py -k "reads_as_it_did and sqlite"

catalogues: .venv/installed-dev ## collect the texts of the pages into the catalogues and compile them
	@$(BIN)/python -m tests.grounds.catalogues --update

pictures: .venv/installed-dev chromium ## take the pictures in docs/ anew, and those that tests compare with
	@$(BIN)/python -m tests.grounds.pictures

lighthouse: .venv/installed-dev chromium ## what Lighthouse says about six pages of the demo; wants Node with npm
	@$(BIN)/python -m bench.lighthouse

chromium: .venv/installed-dev
	@$(BIN)/python -m tests.grounds.browser

dovecot: .venv/installed-dev
	@$(BIN)/python -m tests.grounds.dovecot

provider: .venv/installed-dev
	@$(BIN)/python -m tests.grounds.provider

lock: .venv/installed-dev ## choose the newest versions that pyproject.toml allows
	$(LOCK) --upgrade --group build pyproject.toml --output-file requirements.txt
	$(LOCK) --upgrade --group build --group dev --constraints requirements.txt pyproject.toml \
		--output-file requirements-dev.txt

licences: .venv/installed-dev ## whether the licence of every library fits; writes docs/licences.md
	@$(BIN)/python -m tests.grounds.licences

# --strict: a library that could not be asked about is no good news. --disable-pip with --no-deps: what is locked, as it is.
audit: .venv/installed-dev ## known holes in the locked versions; asks PyPI's advisories, so it wants the net
	@$(BIN)/pip-audit --strict --disable-pip --no-deps --progress-spinner off -r requirements-dev.txt

# Files that say "done", so that a second run installs nothing.

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.12 …" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made requirements.txt pyproject.toml
	@echo 'Installing what requirements.txt names …' >&2
	@$(PIP) install --require-hashes --no-deps -r requirements.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo 'Installing what requirements-dev.txt names …' >&2
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.txt
	@touch $@
