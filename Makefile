# Everything that is run often while working on pushdeploy.

python := .venv/bin/python
shell_scripts = $(shell git grep --files-with-matches --extended-regexp '^\#!.*[ /](ba)?sh$$' -- ':!templates' ':!docs')

.PHONY: check test bench prepare

# What CI checks before it tests.
check: prepare
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	$(python) -m mypy --explicit-package-bases tests/system
	if command -v shellcheck >/dev/null; then shellcheck $(shell_scripts); fi
	if command -v shfmt >/dev/null; then shfmt --indent 2 --case-indent --diff $(shell_scripts); fi

test:
	tests/run

bench: prepare
	bench/run

prepare:
	@tests/prepare
