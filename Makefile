# Two commands do it all on a machine with Python 3.11 or newer, git and make: `make demo` and `make test`.
# uv is used when it is there, else `python -m venv` and pip. PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint wheel screenshots bench clean

help:  ## what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/.demo  ## set up and watch the built-in demo
	@$(BIN)/asgiviz demo $(ARGS)

test: lint $(VENV)/.test  ## set up and run everything that CI runs: style, types, all tests, the built wheel
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile $(ARGS)
	@$(MAKE) --no-print-directory wheel

quick: $(VENV)/.test  ## the tests one runs while working (about a minute)
	@ASGIVIZ_TEST_PROFILE=quick $(BIN)/python -m pytest -m "not slow" -q -n 4 --dist loadfile $(ARGS)

lint: $(VENV)/.test  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

wheel: $(VENV)/.test  ## build the wheel, install it into a bare environment, run the demo from an empty directory
	@sh tests/wheel.sh $(BIN)/python

screenshots: $(VENV)/.test  ## write the pictures and the README's examples afresh
	@$(BIN)/python screenshots/make.py

bench: $(VENV)/.test  ## measure what recording costs (several minutes)
	@$(BIN)/python benchmarks/run.py $(ARGS)

clean:  ## forget the environment and what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
ifdef UV
	@uv venv --quiet --allow-existing --python '>=3.11' $(VENV)
else
	@$(PYTHON) -c 'import sys; sys.exit("asgiviz needs Python 3.11 or newer, this is %s. Try: make PYTHON=python3.12 ..." % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python cannot make environments. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once)..."
	@$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.demo: pyproject.toml $(VENV)/bin/python
ifdef UV
	@uv pip install --quiet --python $(BIN)/python -e '.[fast]'
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fast]'
endif
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/bin/python
ifdef UV
	@uv pip install --quiet --python $(BIN)/python -e '.[fast]' --group dev
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fast]' --group dev
endif
	@touch $@ $(VENV)/.demo
