# `make` alone lists the targets. Each one prepares the machine first, which takes a moment when nothing is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
PYTHON := .local/venv/bin/python
# The address that people open after `make run`, and the virtual phone's.
PORT ?= 8069
SIMULATOR_PORT ?= 8070
export PORT SIMULATOR_PORT
export PYTHONPATH := scripts:tests
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: provision
provision:
	@bash scripts/provision.sh

.PHONY: run
run: provision ## Start Odoo with a demo school on http://localhost:8069 (PORT=… for another)
	@$(PYTHON) scripts/run_school.py start

.PHONY: stop
stop: ## Stop what `make run` started; the data stay
	@if [ -x $(PYTHON) ]; then $(PYTHON) scripts/run_school.py stop; fi

.PHONY: test
test: provision ## Run the unit, add-on, end-to-end and browser tests
	@$(PYTHON) scripts/run_tests.py unit addons end_to_end

.PHONY: loop
loop: provision ## Run one add-on's tests in a kept database, for work on it (ADDON=school_fees ARGS='-k receipt')
	@$(PYTHON) scripts/run_loop.py $(or $(ADDON),school_fees school_mpesa) $(ARGS)

.PHONY: smoke
smoke: provision ## Drive one payment from prompt to receipt and print what happened as one line of JSON
	@$(PYTHON) scripts/smoke.py

.PHONY: faults
faults: provision ## Kill, restart, duplicate, reorder; then check that no shilling is missing (SHORT=1: the form for CI)
	@SCHOOL_SHORT=$(SHORT) $(PYTHON) scripts/run_tests.py faults

.PHONY: bench
bench: provision ## Measure, beside peers, into .local/bench.json (SHORT=1: some six minutes, and one year of history instead of ten)
	@$(PYTHON) tests/bench/bench.py $(if $(SHORT),--short)

.PHONY: planted
planted: provision ## Prove a day of 10,000 payments, clean and with 200 planted discrepancies (SCHOOL_PLANTED_SEED=… again)
	@SCHOOL_PLANTED_PAYMENTS=10000 $(PYTHON) scripts/run_tests.py planted

.PHONY: core-tests
core-tests: provision ## Compare Odoo's own payment tests with and without the add-ons
	@$(PYTHON) scripts/compare_core_tests.py

.PHONY: lint
lint: provision ## Run ruff, pylint-odoo, Odoo's own test_lint and the check of the Swahili
	@$(PYTHON) scripts/run_lint.py

.PHONY: clean
clean: stop ## Remove everything that was made here: databases, downloads, logs, keys
	@bash scripts/postgres.sh remove
	@rm -rf .local
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
