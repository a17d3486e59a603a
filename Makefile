# What is run often while working on pushdeploy.

python := .venv/bin/python
shell_scripts = $(shell git grep --files-with-matches --extended-regexp '^\#!.*[ /](ba)?sh$$' -- ':!templates' ':!docs' ':!*.py')

# What boots a server, or runs a supervisor of its own.
without_servers = -m 'not booted and not embedded' --ignore=tests/host --ignore=tests/adversarial

.PHONY: check lint types shell test test-all bench docs dist locks prepare

# What CI checks before it tests.
check: lint types shell

lint: prepare
	$(python) -m ruff check .
	$(python) -m ruff format --check .

types: prepare
	$(python) -m mypy
	$(python) -m mypy --explicit-package-bases tests/host
	$(python) -m mypy --explicit-package-bases bench/measure.py bench/many_and_large.py bench/breakdown.py bench/guest/*.py

shell: prepare
	.venv/bin/shellcheck $(shell_scripts)
	.venv/bin/shfmt -i 2 -ci -d $(shell_scripts)

# What needs no root. Installs nothing outside of .venv.
test: prepare
	PATH="$$PWD/.venv/bin:$$PATH" $(python) -m pytest --numprocesses=auto $(without_servers)

# All of them; as root, it installs the Debian packages that they need.
test-all:
	tests/run

bench: prepare
	bench/run

# The pages as a site, in build/site; a dead link fails it.
docs: prepare
	NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build --strict

# A wheel and an sdist, in dist/.
dist: prepare
	$(python) -m hatchling build --clean

# What is locked stays at its version; `make locks upgrade=--upgrade` takes the newest.
compile = .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras $(upgrade)
locks: prepare
	$(compile) --output-file requirements.lock
	$(compile) --group dev --output-file requirements-dev.lock

prepare:
	@tests/prepare --venv
