# What is run often while working on pushdeploy.

python := .venv/bin/python
shell_scripts = $(shell git grep --files-with-matches --extended-regexp '^\#!.*[ /](ba)?sh$$' -- ':!templates' ':!docs' ':!*.py')

.PHONY: check lint types shell test bench prepare

# What CI checks before it tests.
check: lint types shell

lint: prepare
	$(python) -m ruff check .
	$(python) -m ruff format --check .

types: prepare
	$(python) -m mypy
	$(python) -m mypy --explicit-package-bases tests/system
	$(python) -m mypy --explicit-package-bases bench/measure.py bench/many_and_large.py bench/breakdown.py bench/guest/*.py

shell: prepare
	if command -v shellcheck >/dev/null; then shellcheck $(shell_scripts); fi
	if command -v shfmt >/dev/null; then shfmt -i 2 -ci -d $(shell_scripts); fi

test:
	tests/run

bench: prepare
	bench/run

prepare:
	@tests/prepare
