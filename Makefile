# Two commands matter: `make run` and `make test`. Everything they need, they install.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# uv is three times as fast; where it cannot reach its index (a mirror that only pip knows), pip does the work.
UV := UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes
export PATH := $(CURDIR)/$(BIN):$(or $(PATH),/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
export PYTHONUNBUFFERED := 1
export XDG_RUNTIME_DIR ?= /tmp
unexport DJANGO_SETTINGS_MODULE
PORT ?= 8000
WORKERS ?= 2

# A production-like environment for `check --deploy`; nothing is contacted.
DEPLOY := env -u REVOPS_EMBEDDED DEBUG=0 BEHIND_TLS=1 ALLOWED_HOSTS=revops.example SITE_URL=https://revops.example \
	SECRET_KEY=kq3v9x7w2m5t8z1b4n6c0d-2f7g1h9j3k5l8p6r4s0t2u7v9w1y4 \
	DATABASE_URL=postgres://revops@db.example/revops REDIS_URL=redis://cache.example/0

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run node_modules/.stamp ## the product on http://localhost:$(PORT)
	@exec env PORT=$(PORT) $(BIN)/python -m revops.run

test: $(VENV)/.dev node_modules/.stamp ## the whole suite, browser tests included
	@CHROMIUM="$$($(BIN)/python -m tests.chromium)" && export CHROMIUM && \
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadscope $(ARGS)

check: $(VENV)/.dev node_modules/.stamp ## linters, types, import contracts, migrations, templates, deployment
	@failed=; \
	step() { echo "== $$*"; "$$@" || failed="$$failed\n   $$*"; }; \
	step ruff check --quiet . ; \
	step ruff format --check --quiet . ; \
	step mypy . ; \
	step lint-imports --no-cache --no-logo ; \
	step python manage.py makemigrations --check --dry-run ; \
	step djlint templates --lint --quiet ; \
	step $(DEPLOY) python manage.py check --deploy --fail-level WARNING ; \
	test -z "$$failed" || { echo -e "\nFailed:$$failed"; exit 1; }

fuzz: $(VENV)/.dev ## the API's whole description, asked longer than in the suite; EXAMPLES=30 SEED=1
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),30) FUZZ_SEED=$(or $(SEED),1) \
	$(BIN)/python -m pytest -q tests/api/test_fuzz.py tests/bad_input/test_api_nonsense.py --timeout 14000

spec: $(VENV)/.dev ## elements of semantics.md with their tests; ISSUE=<name> fails on a gap
	@$(BIN)/python -m tests.spec_report $(ISSUE)

bench: $(VENV)/.run node_modules/.stamp ## how fast it is at 10,000 and at SCALE rows of each kind, beside bare code
	@$(BIN)/python -m benchmarks 10000 $(SCALE)

pictures: $(VENV)/.dev node_modules/.stamp ## the README's pictures, from demo data
	@CHROMIUM="$$($(BIN)/python -m tests.chromium)" PICTURES=1 $(BIN)/python -m pytest -q tests/e2e/test_screenshots.py

format: $(VENV)/.dev ## sorts imports and formats
	$(BIN)/ruff check --fix . || true
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## compiles the dependency locks
	for name in requirements requirements-dev; do $(BIN)/uv pip compile --quiet --universal --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 $(UPGRADE) $$name.in -o $$name.txt; done
	echo uv | $(BIN)/uv pip compile - --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --python-version 3.11 --constraint requirements-dev.txt -o requirements-uv.txt
	$(BIN)/npm install --package-lock-only

demo: $(VENV)/.run ## throws the embedded data away and writes the demo data again
	rm -rf var/postgres var/valkey var/media
	$(BIN)/python manage.py prepare_run

clean: ## removes what the commands above made, data included
	rm -rf $(VENV) node_modules var

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is needed (Debian: apt install python3-venv)."; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.txt requirements-uv.txt
	@echo "Installing Python packages ..."
	@$(PIP) -r requirements-uv.txt
	@$(UV) -r requirements.txt || $(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing development packages ..."
	@$(UV) -r requirements-dev.txt || $(PIP) -r requirements-dev.txt
	@touch $@

node_modules/.stamp: package-lock.json | $(VENV)/.run
	@echo "Installing browser libraries ..."
	@# A company's own certificate authority counts as well.
	@NODE_OPTIONS=--use-system-ca $(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: help run test check fuzz spec pictures format lock demo clean
