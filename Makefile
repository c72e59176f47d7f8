# One command per task; each sets up everything it needs. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup repro ablations extensions experiments compare gate claims verify check-lock test test-slow test-nightly lint docs bench reference lock audit

PYTHON ?= python3
INSTALLED := .venv/installed
# Stages call `python`: this makes it the environment's own.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/.venv

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## create .venv with the locked dependencies and this project

# uv installs the hashed lock in about a minute where pip takes several. Without bytecode every stage would compile PyTorch anew on
# systems that do not write it at import. If uv finds no index, because one is set up for pip alone, pip takes over.
$(INSTALLED): requirements.lock bootstrap.lock pyproject.toml
	@git rev-parse --git-dir > /dev/null 2>&1 || { echo 'DVC needs a git repository here: git init && git add --all && git commit -m "A copy"' >&2; exit 2; }
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	.venv/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	.venv/bin/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock \
	  || .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

repro: setup  ## regenerate tables, figures and report of the experiments in params.yaml
	.venv/bin/python -m stages.check
	.venv/bin/python -m adversarial_nets.running.prune
	.venv/bin/python -m adversarial_nets.running.foreign_outputs
	.venv/bin/python -m adversarial_nets.running.repro
	@.venv/bin/python -m adversarial_nets.regression.committed
	@echo 'Look: open reports/index.html, or read reports/table1.md and reports/claims.md'
	@echo 'Then: make gate, and git commit if you keep the results; docs/how-to/change_and_compare.md changes something'

ablations: setup  ## try out other games and generators (three quarters of an hour): a table and a figure in reports/ablations/
	.venv/bin/dvc repro ablations/dvc.yaml

extensions: setup  ## try out section 7's extensions (eight minutes): tables and figures in reports/extensions/
	.venv/bin/python -m adversarial_nets.running.repro extensions/dvc.yaml

experiments: setup  ## list the experiments of `dvc exp run`: what changed, and the log-likelihood that came of it
	.venv/bin/python -m adversarial_nets.regression.experiments

compare: setup  ## two revisions or experiments as one page: make compare A=main B=slower (or A=mnist B=mnist_averaged)
	.venv/bin/python -m adversarial_nets.regression.compare '$(A)' '$(B)'

# On a terminal the last line is the gate's own, not an error of make's; elsewhere, as in CI, a failure is make's too.
gate: setup  ## judge the results against the committed reference: better, worse or within chance
	@.venv/bin/python -m adversarial_nets.regression.gate || { test $$? -eq 1 && test -t 1; }

claims: setup  ## what the paper says, each statement with a verdict by a rule: reports/claims.md
	.venv/bin/python -m adversarial_nets.regression.claims

verify: setup  ## do the committed numbers follow from the files that they came from?
	.venv/bin/python -m adversarial_nets.regression.verify

check-lock: setup  ## are the lock files in step with code and parameters? needs no data and no cache
	.venv/bin/python -m adversarial_nets.regression.lock_files

test: setup  ## run the tests (minutes)
	.venv/bin/pytest -q -n auto --dist loadscope --no-loadscope-reorder -m 'not slow and not nightly'

test-slow: setup  ## run the longer tests (twenty minutes): kills, clones, the default pipeline from scratch
	.venv/bin/pytest -q -m slow

test-nightly: setup  ## run the longest tests (two hours): sweeps, failures, several machines, emulated processors, 30 epochs of MNIST
	.venv/bin/pytest -q -m nightly

lint: setup  ## check style and formatting
	.venv/bin/ruff check
	.venv/bin/ruff format --check

# An environment of its own, in uv's cache: what the site is built with is not among the dependencies of the results.
docs: setup  ## build the docs as a site, in site/: it needs no network to be read
	NO_MKDOCS_2_WARNING=1 .venv/bin/uvx --quiet --with-requirements docs.lock mkdocs build --quiet --strict
	@echo 'Done: open site/index.html; to search it, serve it: python -m http.server --directory site'

bench: setup  ## measure speed beside named peers, as ratios in one run; results go to benchmarks/
	.venv/bin/python benchmarks/training_step.py > benchmarks/training_step.md
	.venv/bin/python benchmarks/parzen_window.py > benchmarks/parzen_window.md
	.venv/bin/python benchmarks/sampling.py > benchmarks/sampling.md
	.venv/bin/python benchmarks/checkpoints.py > benchmarks/checkpoints.md
	.venv/bin/python benchmarks/baselines.py > benchmarks/baselines.md
	.venv/bin/python benchmarks/independent_samples.py > benchmarks/independent_samples.md
	@cat benchmarks/training_step.md benchmarks/parzen_window.md benchmarks/sampling.md benchmarks/checkpoints.md benchmarks/baselines.md
	@cat benchmarks/independent_samples.md

reference: setup  ## make the finished results the committed reference: reports/reference/ and the table in README.md
	.venv/bin/python -m adversarial_nets.regression.reference

lock: setup  ## renew the lock files from pyproject.toml
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra pipeline --extra dev --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --output-file requirements.lock pyproject.toml
	grep '^uv==' requirements.lock | tr -d ' \\' | .venv/bin/uv pip compile --quiet --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --output-file bootstrap.lock -
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group docs --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --output-file docs.lock

audit: setup  ## are there known vulnerabilities in the locked dependencies? asks the package index
	.venv/bin/uvx --quiet pip-audit@2.10.1 --disable-pip --require-hashes --requirement requirements.lock
