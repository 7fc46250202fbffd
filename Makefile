# The newest Python that is new enough; say `make PYTHON=/path/to/python` for another.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate pyproject.toml

.PHONY: help install demo demo-once test torture month bench lint format docs lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/installed ## make .venv with everything that is locked

.venv/installed: requirements-dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed, and is not there."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## try it: a stand-in FreeScout, a stand-in Slack, the bridge; Ctrl-C ends it
	@$(BIN)/python -m bot demo

demo-once: install ## play the demo's scenario, check its outcome, end
	@$(BIN)/python -m bot demo --once

test: install lint ## format, lint, types, tests
	$(BIN)/python -m pytest

SEEDS ?= 5
EVENTS ?= 200
MONTHS ?= 10
CONVERSATIONS ?= 200

torture: install ## kill the bridge, lose its webhooks, break both APIs: Slack must come out right, no reply wrong; SEEDS=5 EVENTS=200
	$(BIN)/python -m tests.torture.run --seeds $(SEEDS) --events $(EVENTS)

month: install ## play more months of a help desk: every ping is held to an oracle; MONTHS=10 CONVERSATIONS=200
	MONTH_SEEDS=$(MONTHS) MONTH_CONVERSATIONS=$(CONVERSATIONS) $(BIN)/python -m pytest tests/test_month.py -n 2

bench: install ## measure: tables here, pictures in benchmarks/results
	$(BIN)/python -m benchmarks

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: install ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: install ## write docs/freescout-api.md, docs/errors.md and docs/bridge.schema.json anew
	$(BIN)/python -m tests.apitable > docs/freescout-api.md
	$(BIN)/python -m tests.errortable > docs/errors.md
	$(BIN)/python -m tests.bridgeschema > docs/bridge.schema.json

lock: install ## pin everything anew, by version and hash
	$(LOCK) --upgrade --output-file requirements.txt
	$(LOCK) --upgrade --extra dev --output-file requirements-dev.txt

clean: ## remove what the targets made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
