# Each target says what it does. `make help` lists them. Needed: GNU make and Python 3.11 or newer.

PYTHON ?= python3
UV := .venv/bin/uv
RUN := .venv/installed-to-run
DEV := .venv/installed-to-develop
TRANSLATIONS := .venv/translations
CATALOGS := $(wildcard mostrador/locale/*/LC_MESSAGES/django.po)
# For tools that only read the settings.
ANY_SETTINGS := MOSTRADOR_SECRET_KEY=only-for-checks DATABASE_URL=postgresql://127.0.0.1:1/none

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset install test faults faults-night planted check fmt messages bench restore-drill screenshots chromium

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(RUN) $(TRANSLATIONS) ## try everything: pretend Amazon, database, worker and web server (PORT=8000)
	@exec .venv/bin/mostrador demo

demo-reset: $(RUN) ## remove the demo's data, so that the next demo begins anew
	@.venv/bin/mostrador demo --reset

install: $(RUN) $(TRANSLATIONS) ## create .venv with all that running the desk needs
	@echo "Installed: .venv/bin/mostrador"

# Two at once, since most tests wait; all must list the same tests, so sets need one order.
test: $(DEV) $(TRANSLATIONS) chromium ## run every test (ARGS='-k refund' hands options to pytest)
	@echo "Running the tests …"
	@PYTHONHASHSEED=0 .venv/bin/pytest -n 2 --dist loadfile $(ARGS)

faults: $(DEV) $(TRANSLATIONS) ## the whole proof: kill, freeze and cut off until nothing is doubled (40 min)
	@.venv/bin/python -m tests.faults.campaign full $(ARGS)

faults-night: $(DEV) $(TRANSLATIONS) ## the same, twenty times as often
	@.venv/bin/python -m tests.faults.campaign night $(ARGS)

planted: $(DEV) $(TRANSLATIONS) ## put ten known bugs into a copy, one by one: the tests must find each
	@.venv/bin/python -m tests.faults.planting $(ARGS)

check: $(DEV) ## look at format, lint, types, floors and missing migrations
	@echo "Format …" && .venv/bin/ruff format --check --quiet .
	@echo "Lint …" && .venv/bin/ruff check --quiet .
	@echo "Types …" && $(ANY_SETTINGS) .venv/bin/mypy
	@echo "Floors …" && $(ANY_SETTINGS) .venv/bin/lint-imports --no-cache --no-logo
	@echo "Migrations …" && $(ANY_SETTINGS) .venv/bin/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "All checks passed."

fmt: $(DEV) ## put the code into its format
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

messages: $(DEV) ## bring the catalogs up to what the desk says, and count what waits for a translator
	@$(ANY_SETTINGS) .venv/bin/python -W ignore::RuntimeWarning -m tests.web.catalogs

bench: $(DEV) $(TRANSLATIONS) ## measure speed: press to Amazon, pages, intake (about three minutes)
	@.venv/bin/python -m bench

restore-drill: $(DEV) ## restore a real backup of a desk at work, and see that nothing is paid twice (two minutes)
	@.venv/bin/python -m bench.restore_drill

screenshots: $(DEV) $(TRANSLATIONS) chromium ## take the documentation's pictures anew, into docs/img (one minute)
	@.venv/bin/python -m tests.journeys.pictures docs/img

chromium: $(DEV) # a browser for the tests: the system's, else Debian's, else Playwright's
	@if { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then :; \
	elif ls "$${PLAYWRIGHT_BROWSERS_PATH:-$$HOME/.cache/ms-playwright}"/chromium-* >/dev/null 2>&1; then :; \
	elif test -e /etc/debian_version && test "$$(id -u)" = 0; then \
	    echo "Installing Chromium from Debian for the browser tests …" && \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else \
	    echo "Installing Playwright's Chromium for the browser tests …" && .venv/bin/playwright install chromium; \
	fi

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Mostrador needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
	    echo "Name another one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.12"; exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv || { \
	    echo "$(PYTHON) cannot create an environment. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing uv, which installs the rest …"
	@.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check uv

$(RUN): pyproject.toml uv.lock | $(UV)
	@echo "Installing what running the desk needs …"
	@$(UV) sync --frozen --no-dev --inexact --quiet
	@touch $@

$(DEV): pyproject.toml uv.lock | $(UV)
	@echo "Installing what running and developing the desk need …"
	@$(UV) sync --frozen --inexact --quiet
	@touch $@ $(RUN)

$(TRANSLATIONS): $(CATALOGS) | $(RUN)
	@if test -n "$(CATALOGS)"; then echo "Compiling the translations …" && \
	    .venv/bin/pybabel --quiet compile --domain django --directory mostrador/locale; fi
	@touch $@
