# Ratchet: every target sets up what it needs on a machine that has only python3 (3.11 or 3.12) and make.
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3,11),(3,12)))' 2>/dev/null && { echo $$p; break; }; done)
RATCHET_HOME ?= $(CURDIR)/home
DAYS ?= 14
EVENTS ?= 5000
BIN := .venv/bin
export RATCHET_HOME

.DEFAULT_GOAL := help
.PHONY: help setup demo test check up down golden bench pins docs screenshots clean

help: ## show this help
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

.venv/.installed: requirements.txt pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Ratchet needs Python 3.11 or 3.12; install one of them, or say which: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v=sys.version_info[:2]; v in ((3,11),(3,12)) or sys.exit("Ratchet needs Python 3.11 or 3.12, and $(PYTHON) is %d.%d; say which: make PYTHON=/path/to/python3.11" % v)'
	@echo "Setting up .venv with $$($(PYTHON) --version), about two minutes the first time"
	@$(PYTHON) -m venv .venv || { echo "python3 has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

setup: .venv/.installed ## make the virtual environment and install everything, pinned

demo: setup ## make 14 days of sample logs, run 14 nights, say where the report lies
	@[ -f $(RATCHET_HOME)/landing/truth.json ] || $(BIN)/ratchet sample-logs --out $(RATCHET_HOME)/landing --days $(DAYS) --events-per-day $(EVENTS)
	@$(BIN)/ratchet run

test: setup ## run every test; what needs Chromium or PostgreSQL skips without it and says how to get it
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: setup ## formatting, lint, types, pins, compose file
	@$(BIN)/ruff format --check include dags plugins tests benchmarks
	@$(BIN)/ruff check include dags plugins tests benchmarks
	@$(BIN)/mypy
	@$(BIN)/pip check
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml

up: setup ## start Airflow with the DAGs ready, over the same home; prints address and login
	@$(BIN)/python -m ratchet.local_airflow up

down: ## stop that Airflow
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m ratchet.local_airflow down

golden: setup ## rewrite the golden files after a wanted change
	@$(BIN)/python -m pytest --update-golden tests/golden

bench: setup ## measure what benchmarks/README.md promises; results go to benchmarks/results
	@for b in benchmarks/bench_*.py benchmarks/windows.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

pins: ## compile requirements.in to requirements.txt (needs uv)
	@uv pip compile requirements.in --universal --python-version 3.11 --no-emit-index-url -q -o requirements.txt

docs: setup ## write the generated pages of docs/
	@$(BIN)/python -m ratchet.contracts.dictionary > docs/data_dictionary.md

screenshots: demo ## take the pictures of docs/images again, from the demo's pages (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots $(RATCHET_HOME)

clean: down ## remove the virtual environment, caches and the demo's home
	@rm -rf .venv .airflow .mypy_cache .pytest_cache .ruff_cache .hypothesis home dbt_project/target dbt_project/logs include/*.egg-info
