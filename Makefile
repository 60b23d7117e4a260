# Everything runs in .venv. The system's Python only has to create it, and nothing
# is ever installed beside it.

PYTHON ?= python3
VENV := .venv
# Pinned because a plain `torch` may bring several GB for GPUs that nothing here uses.
# Where this version is not to be had: make compare TORCH=torch
TORCH ?= torch==2.13.0
# Which tests, as pytest's -m takes it. All that need no other library: TESTS="not compare"
TESTS := not compare and not slow

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check
# Neighbours share what is dear to make, so each process gets them in one piece. The
# processes are as many as cores: threads of BLAS beside them would only be in the way.
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest -n auto --dist worksteal

.PHONY: help demo test coverage compare bench results docs notebook exercises lint clean
help:     ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: $(VENV)/has-run          ## build the LSTM, prove it, draw it
	$(PY) -m lstm

test: $(VENV)/has-test         ## run the tests, but for the slow ones
	$(PYTEST) -m "$(TESTS)"

coverage: $(VENV)/has-test     ## run the tests, and list the lines that none of them runs
	$(PYTEST) -m "$(TESTS)" --cov

compare: $(VENV)/has-test $(VENV)/has-compare   ## test against PyTorch, Keras, Flax, ONNX and others
	MINIGRAD_REQUIRE=compare $(PYTEST) -m compare

bench: $(VENV)/has-compare     ## measure speed beside the same three
	$(PY) -m benchmarks

results: $(VENV)/has-compare $(VENV)/has-tasks   ## train on every task, write docs/know/results.md
	$(PY) -m lstm results --jobs $$(nproc) --out docs/know

docs: $(VENV)/has-docs         ## build the site in docs/_build/html
	$(PY) -m sphinx -W --keep-going -j auto -b html docs docs/_build/html
	$(PY) docs/_ext/check_offline.py docs/_build/html
	$(PY) docs/_ext/notebooks.py docs/_build/notebooks --run

exercises: $(VENV)/has-run     ## say which exercises are solved, and what is wrong
	@$(PY) -m minigrad check examples/exercises/*.py || :

notebook: $(VENV)/has-notebook   ## open the chapters as notebooks, to type in
	$(PY) docs/_ext/notebooks.py out/notebooks
	$(PY) -m jupyter lab --notebook-dir=out/notebooks

lint: $(VENV)/has-dev          ## check style and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

clean:    ## delete everything that was built
	rm -rf $(VENV) out docs/_build build dist .coverage .hypothesis
	rm -rf .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Two installations at once would disturb each other.
.NOTPARALLEL:

# A stamp is written last, so that an installation cut short is tried again. Every
# extra brings what running needs, hence the second stamp.
pin-compare := '$(TORCH)'
$(VENV)/has-%: $(VENV)/made-by pyproject.toml
	$(PIP) install $(pin-$*) --editable '.$(patsubst %,[%],$(filter-out run,$*))'
	@touch $@ $(VENV)/has-run

# Another interpreter cannot use these packages, and a moved checkout would go on
# importing the code of the old place: either one makes the environment anew.
maker := $(shell $(PYTHON) -c 'import sys; print(sys.version)') in $(CURDIR)
ifneq ($(maker),$(shell cat $(VENV)/made-by 2>/dev/null))
.PHONY: $(VENV)/made-by
endif
# An older Python is turned away here, because pip can search for minutes before it is.
too-old := "minigrad needs Python 3.11 or newer, for instance: make PYTHON=python3.11"
# Debian and its relatives keep Python's venv support in a package of its own.
venv-package := 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
$(VENV)/made-by:
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit($(too-old))'
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		sh scripts/install-debian.sh $$($(PYTHON) -c $(venv-package))
	$(PYTHON) -m venv --clear $(VENV)
	@printf '%s\n' '$(maker)' > $@
