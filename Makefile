# Two commands are all a newcomer needs: `make demo` and `make test`. Both install what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
TESTED := $(shell find src tests -name '*.py' -not -path '*/__pycache__/*')

.DEFAULT_GOAL := help

.PHONY: help install demo dev test check format lint types contracts coverage bench lock clean \
  up down logs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

install: $(STAMP) ## virtual environment with everything that development needs

$(STAMP): requirements.lock pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Povod needs Python 3.11 or newer: set PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(STAMP)

demo: install ## the whole product on a local world, then the console (ARGS=--no-serve ends by itself)
	$(BIN)/povod demo $(ARGS)

dev: install ## the console alone on the demo's data
	DATA_DIR=data/demo DATABASE_URL=sqlite:///data/demo/povod.db WEB_AUTH=off $(BIN)/povod serve $(ARGS)

# A run of all tests also says what they cover; part of them (ARGS) does not.
test: install ## all tests; PostgreSQL and Redis parts are skipped when those are not running
	rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n 2 $(if $(ARGS),$(ARGS),--cov --cov-report=)

check: format lint types contracts coverage ## everything that must hold before a change lands

format: install
	$(BIN)/ruff format --check src tests bench hatch_build.py

lint: install
	$(BIN)/ruff check src tests bench hatch_build.py

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports --no-cache

coverage: .coverage
	$(BIN)/coverage report

# Not run again when nothing changed since the last run of all tests.
.coverage: $(STAMP) $(TESTED)
	$(MAKE) test ARGS=

$(BENCH_STAMP): $(STAMP) requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $(BENCH_STAMP)

bench: $(BENCH_STAMP) ## every benchmark in its quick form, beside the crawlers it is compared with
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script --quick || exit 1; done

up: .env ## the stack of docker-compose.yml; returns when every service is healthy
	docker compose up --build --detach --wait

down: ## stop the stack; its data stays
	docker compose down

logs: ## what the services of the stack say; the first sign-in stands in those of api
	docker compose logs --follow --tail=100

.env:
	@umask 077; sed "s/^POSTGRES_PASSWORD=$$/POSTGRES_PASSWORD=$$($(PYTHON) -c 'import secrets; print(secrets.token_hex(24))')/" .env.example > .env
	@echo "made .env with a new database password; see its comments for the rest"

lock: install ## renew the locks (hashes, no registry address)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra server --extra browser --extra s3 --group dev --universal --no-strip-extras \
	  --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" --quiet --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra server --extra browser --extra s3 --universal --no-strip-extras \
	  --python-version 3.11 --generate-hashes --no-emit-index-url -c requirements.lock \
	  --custom-compile-command "make lock" --quiet -o requirements-server.lock
	grep -E "^[a-z0-9-]+(\[.*\])?==" requirements.lock | sed -E "s/ .*//; s/\[.*\]//" > $(VENV)/pinned.txt
	$(BIN)/uv pip compile pyproject.toml --group bench --universal --no-strip-extras \
	  --python-version 3.11 --generate-hashes --no-emit-index-url -c $(VENV)/pinned.txt \
	  --custom-compile-command "make lock" --quiet -o requirements-bench.lock

clean: ## remove what make made (data/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
