# make run    the product on this machine          make test   everything that is checked
# make lint   style and types                      make format puts the style right
# make bench  the benchmarks, as ratios            make axe    every page and state through axe
# make faults the long runs: workers killed, servers gone, a thousand merges, the whole API (half an hour)
# make messages  the texts of the source into the catalogs of translations, and these for the product
# make clean  removes the environment and caches; what is stored in instance/ stays

.NOTPARALLEL:
.PHONY: run test lint format bench axe faults messages clean environment dev-environment

# Compiled modules are kept, whatever the shell says: without them each start compiles the product anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
PY := .venv/bin/python
hash = $(firstword $(shell { echo "$(CURDIR)"; cat $(1); } | cksum))
READY := .venv/.ready-$(call hash,requirements.txt)
DEV_READY := .venv/.ready-dev-$(call hash,requirements.txt requirements-dev.txt)

run: $(READY)
	@exec $(PY) -m crm.programs.run

test:
	@.ci/system
	@$(MAKE) --no-print-directory lint
	@.ci/tests $(PY)

lint: $(DEV_READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(DEV_READY)
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

bench: $(DEV_READY)
	$(PY) bench/run.py

axe: $(DEV_READY)
	$(PY) -m pytest -n auto -m axe

faults: $(DEV_READY)
	$(PY) -m pytest tests/faults tests/duplicates/test_random.py tests/api/test_document.py tests/imports/test_killed.py tests/backups/test_keeping.py tests/loyalty/test_lots.py -m "not axe" -rP

CATALOGS := crm/translations
messages: $(DEV_READY)
	.venv/bin/pybabel -q extract -F pyproject.toml -k N_ --no-location --sort-output -o .venv/messages.pot .
	.venv/bin/pybabel -q update -N --ignore-pot-creation-date --ignore-obsolete --no-wrap -i .venv/messages.pot -d $(CATALOGS)
	.venv/bin/pybabel -q compile -d $(CATALOGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment: $(READY)
dev-environment: $(DEV_READY)

# The names of the stamps carry what was asked for and where, so a second start installs nothing, and a changed
# list of packages or a moved folder installs again.
$(READY):
	@.ci/environment "$(PYTHON)" requirements.txt
	@touch $@

$(DEV_READY): $(READY)
	@.ci/environment "$(PYTHON)" requirements-dev.txt
	@touch $@
