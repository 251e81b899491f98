# Thin: what a target does is written in src/tandem. `make` lists the targets.

PYTHON ?= python3
# Variables that users may set: ROLE, WHEELHOUSE, KEEP, ROUNDS, and ARGS for what pytest gets.
ROLE ?=
override WHEELHOUSE := $(abspath $(WHEELHOUSE))
export WHEELHOUSE
ARGS ?=
ROUNDS ?= 20

SETUP = command -v $(PYTHON) >/dev/null || \
	{ echo "make: there is no $(PYTHON): expected Python 3.11 or newer (apt-get install python3)" >&2; exit 1; }; \
	PYTHONPATH=src $(PYTHON) -m tandem.setup
SET_UP = [ -x .venv/bin/python ] || { echo "nothing is set up here yet: make setup does it" >&2; exit 1; };
OPTIONS = --role=$(ROLE) --wheelhouse=$(WHEELHOUSE)
IN = .venv/bin/
CODE = src recipes tests $(wildcard fabfile.py bench)

.PHONY: help setup run stop status render lab test soak golden lint pins wheelhouse bench docs clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install what is missing and build bin/ (ROLE=frontend… for a VM, WHEELHOUSE=FOLDER offline)
	@$(SETUP) setup $(OPTIONS)

run: ## set up, start the whole stack on this computer and say where it is
	@$(SETUP) run $(OPTIONS)
	@$(IN)python -m tandem.local run

stop: ## stop the stack
	@$(SET_UP) $(IN)python -m tandem.local stop

status: ## show what runs where
	@$(SET_UP) $(IN)python -m tandem.local status

render: ## write every file of every machine and VM into parts/rollout
	@$(SETUP) setup $(OPTIONS)
	@bin/fab render

lab: ## install what the lab takes; then: bin/fab lab:up
	@$(SETUP) lab $(OPTIONS)

test: ## run all tests (ARGS="-m 'not lab'": those that boot no machines; ARGS go to pytest)
	@$(SETUP) test $(OPTIONS)
	@$(IN)python -m tests.suite $(ARGS)

soak: ## bring the lab up and down ROUNDS times (20), and run the tests that take many minutes
	@$(SETUP) test $(OPTIONS)
	@$(IN)python -m tests.lab.soak $(ROUNDS)
	@$(IN)python -m pytest --soak $(ARGS)

golden: ## renew the files that the tests compare rendered ones with, and say what has changed
	@$(SET_UP) $(IN)python -m tests.rendering.golden
	@git --no-pager diff --stat -- tests/rendering/golden docs/pictures

# Scripts among the templates are checked by the tests, once they are rendered.
lint: ## check style, types and shell scripts
	@$(SETUP) lint $(OPTIONS)
	@$(IN)ruff check .
	@$(IN)ruff format --check .
	@$(IN)mypy $(CODE)
	@git ls-files -z --cached --others --exclude-standard -- ':!templates' \
		| xargs -0 awk 'FNR == 1 && /^#!.*sh$$/ { print FILENAME } { nextfile }' \
		| xargs -r shellcheck

pins: ## refresh requirements.txt and versions.cfg from pyproject.toml (KEEP=1: no more than needed)
	@$(SETUP) pins $(OPTIONS) $(if $(KEEP),--keep)

wheelhouse: ## collect all wheels in var/wheelhouse, for set-ups without a network
	@$(SETUP) wheelhouse $(OPTIONS)

bench: ## measure set-up, requests and connections, into var/bench
	@$(SETUP) bench $(OPTIONS)
	@$(IN)python -m bench $(ARGS)

docs: ## make the handbook, in var/docs
	@$(SETUP) docs $(OPTIONS)
	@$(IN)sphinx-build -q -W -b html docs var/docs

clean: ## stop the stack and remove what set-up made; data, secrets and wheels stay
	@if [ -x $(IN)python ]; then $(IN)python -m tandem.local stop; fi
	@if [ -r parts/frontend/httpd.conf ]; then \
		sed -n 's/^CacheRoot "\(.*\)"$$/\1/p' parts/frontend/httpd.conf | xargs -r rm -rf; fi
	rm -rf .venv bin parts develop-eggs eggs .installed*.cfg var/setup .mypy_cache .pytest_cache .ruff_cache
