# Everything runs from .venv, which the targets make and refresh by themselves. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# Debian keeps mosquitto in /usr/sbin, which is not on everybody's PATH.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin

ARGS ?=
KILLS ?= 1000
COUNT ?= 300
FLEETS ?= 20000
TIMES ?= 20
EXAMPLES ?= 200
MINUTES ?= 480
WORKERS ?= 2
# Where `make install` puts things; DESTDIR stands before all of it, for packages.
PREFIX ?= /opt/hourkeeper
SYSTEMD ?= /usr/lib
CONFIG ?= /etc/hourkeeper
DESTDIR ?=
EXTRAS ?= postgres,excel
INSTALLED := $(DESTDIR)$(PREFIX)
# The interpreter that makes .venv: `make demo PYTHON=/path/to/python` overrides the search.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	if $$each -c '$(FITS)' >/dev/null 2>&1; then echo $$each; break; fi; done)
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
UV := uv==0.13.9

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --quiet --disable-pip-version-check --no-input

.PHONY: help demo test test-postgres check bench kill-loop kill-replicas crash-points kth-call kill-sweep kill-controls relay-kills soak power-loss systemd-live fuzz-api timelines influx-contract model lock messages font letters pictures wheel install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## see it work: a broker, a made-up fleet and the daemon (ARGS="--for 0")
	@$(VENV)/bin/hourkeeper demo $(ARGS)

test: $(VENV)/.dev ## run the test suite (ARGS="-k intake", WORKERS=2)
	@sh tests/system_packages.sh
	@$(RUN) -m pytest -n $(WORKERS) $(ARGS)

test-postgres: $(VENV)/.dev ## run it with its stores in PostgreSQL instead of SQLite (browser left out)
	@sh tests/system_packages.sh
	@TEST_STORE=postgresql $(RUN) -m pytest -n $(WORKERS) -m "not sqlite_file" --ignore tests/browser $(ARGS)

check: $(VENV)/.dev ## lint, formatting, types, and which storey may import which
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy --strict
	@$(VENV)/bin/lint-imports

bench: $(VENV)/.dev ## print the measures: intake, latency, sweep, memory
	@sh tests/system_packages.sh
	@$(RUN) -m tests.bench $(ARGS)

kill-loop: $(VENV)/.dev ## kill the daemon at random moments and count what is lost (KILLS=1000)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.kill_loop --kills $(KILLS) $(ARGS)

kill-replicas: $(VENV)/.dev ## the same with four replicas on one PostgreSQL, some held up (KILLS=1000, ARGS="--replicas 2")
	@sh tests/system_packages.sh
	@$(RUN) -m tests.kill_replicas --kills $(KILLS) $(ARGS)

crash-points: $(VENV)/.dev ## let the daemon die at each of its named points and count what is lost (TIMES=20)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.crash_points --times $(TIMES) $(ARGS)

kth-call: $(VENV)/.dev ## let every single call of the store fail, and compare the ends (ARGS="--store postgresql")
	@sh tests/system_packages.sh
	@$(RUN) -m tests.kth_call $(ARGS)

kill-sweep: $(VENV)/.dev ## kill the daemon in the middle of a large sweep, and let two sweep at once (ARGS="--kills 30")
	@$(RUN) -m tests.kill_sweep $(ARGS)

kill-controls: $(VENV)/.dev ## the same loop on deliberately wrong daemons: it must find each one out (ARGS="--store postgresql")
	@sh tests/system_packages.sh
	@$(RUN) -m tests.kill_controls $(ARGS)

relay-kills: KILLS = 200
relay-kills: $(VENV)/.dev ## kill the relay while it sends letters and count what is lost or doubled (KILLS=200)
	@$(RUN) -m tests.relay_kills --kills $(KILLS) $(ARGS)

soak: $(VENV)/.dev ## hours of work with something happening in every round: nothing is lost, doubled, or grows (MINUTES=480)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.soak --minutes $(MINUTES) $(ARGS)

power-loss: $(VENV)/.dev ## see by strace that the disk is waited for before anything is acknowledged (needs strace)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.power_loss

systemd-live: $(VENV)/.dev ## try the unit under a real systemd in namespaces of its own (as root)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.systemd_live

fuzz-api: $(VENV)/.dev ## call every operation of the API, allowed and not, and count wrong answers (EXAMPLES=200)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.fuzz_api --examples $(EXAMPLES) $(ARGS)

timelines: $(VENV)/.dev ## random timelines through the store, each against the independent model (COUNT=300)
	@$(RUN) -m tests.many_timelines --count $(COUNT) --workers $(WORKERS) $(ARGS)

influx-contract: $(VENV)/.dev ## the tests of the copy on a real InfluxDB 2 (TEST_INFLUX_URL, _ORG, _BUCKET, _TOKEN)
	@for each in URL ORG BUCKET TOKEN; do eval "test -n \"\$$TEST_INFLUX_$$each\"" || { \
		echo "set TEST_INFLUX_$$each; the bucket should be one for tests, without retention" >&2; exit 1; }; done
	@$(RUN) -m pytest tests/influx/test_contract.py -k real $(ARGS)

model: $(VENV)/.dev ## compare the rules with a model that computes everything anew (FLEETS=20000)
	@$(RUN) -m tests.properties.fleets --fleets $(FLEETS) $(ARGS)

lock: $(RUN) ## pin every dependency in requirements.txt (ARGS=--upgrade takes newer ones)
	@$(PIP) install '$(UV)'
	@$(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate \
		--no-emit-package hourkeeper $(ARGS) --output-file requirements.txt pyproject.toml
	@sed -i '1i # Every dependency, extras and tools included, pinned for Python 3.11 and later.\n# Made from pyproject.toml by `make lock`; `make lock ARGS=--upgrade` takes newer versions.' requirements.txt

messages: $(VENV)/.dev ## gather the sentences of the code into the catalogues, and compile those
	@$(RUN) -m tests.messages

font: $(VENV)/.dev ## cut the font of the printed forms out of the whole one (needs npm)
	@$(RUN) -m tests.paper_font

letters: $(VENV)/.dev ## take pictures of all letters into build/letters, to look at them (needs chromium)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.letter_pictures build/letters

pictures: $(VENV)/.dev ## take the pictures of the README from the demo's fleet (needs chromium)
	@sh tests/system_packages.sh
	@$(RUN) -m tests.pictures

wheel: $(VENV)/.dev ## build the wheel into dist/
	@rm -rf build
	@$(RUN) -m build --quiet --wheel --no-isolation --outdir dist

install: ## install into /opt/hourkeeper with units and an example of a configuration; again: upgrade (DESTDIR, PREFIX)
	@test -n "$(PYTHON)" || { echo "hourkeeper needs Python 3.11 or later with the venv module" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(INSTALLED)
	@$(INSTALLED)/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
		--constraint requirements.txt setuptools
	@$(INSTALLED)/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
		--constraint requirements.txt --no-build-isolation --upgrade '.[$(EXTRAS)]'
	@test -z "$(DESTDIR)" || sed -i '1s|$(DESTDIR)||' $(INSTALLED)/bin/hourkeeper
	@install -D -m 644 -t $(DESTDIR)$(SYSTEMD)/systemd/system systemd/hourkeeper.service systemd/hourkeeper@.service
	@install -D -m 644 systemd/hourkeeper.sysusers $(DESTDIR)$(SYSTEMD)/sysusers.d/hourkeeper.conf
	@install -D -m 644 systemd/hourkeeper.tmpfiles $(DESTDIR)$(SYSTEMD)/tmpfiles.d/hourkeeper.conf
	@sed -i 's|/opt/hourkeeper|$(PREFIX)|' $(DESTDIR)$(SYSTEMD)/systemd/system/hourkeeper*.service
	@test -e $(DESTDIR)$(CONFIG)/hourkeeper.toml || \
		install -D -m 640 systemd/hourkeeper.toml $(DESTDIR)$(CONFIG)/hourkeeper.toml
	@case "$$(readlink -f $(INSTALLED)/bin/python)" in /root/*|/home/*) echo "NOTE: this Python is in somebody's home," \
		"which the units do not see; install again with PYTHON=/usr/bin/python3, or another outside" >&2;; esac
	@echo "Installed in $(INSTALLED). Next, as root: systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload"
	@echo "then adapt $(CONFIG)/hourkeeper.toml, and: systemctl enable --now hourkeeper"

clean: ## remove .venv, builds and caches
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN):
	@test -n "$(PYTHON)" || { echo "hourkeeper needs Python 3.11 or later with the venv module" \
		"(Debian: apt install python3-venv); name one with PYTHON=/path/to/python." >&2; exit 1; }
	@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || { echo "$(PYTHON) does not run as Python 3.11 or later with the venv" \
		"module; name another with PYTHON=/path/to/python." >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)

# What the demo needs: the pinned product and the embedded broker.
$(VENV)/.demo: pyproject.toml requirements.txt | $(RUN)
	@echo "Installing into $(VENV) ..."
	@$(PIP) install --constraint requirements.txt setuptools
	@$(PIP) install --constraint requirements.txt --no-build-isolation --editable '.[demo]'
	@touch $@

# What the developer needs: every pin; the demo's needs are among them.
$(VENV)/.dev: pyproject.toml requirements.txt | $(RUN)
	@echo "Installing into $(VENV), with the development tools ..."
	@$(PIP) install --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.demo $@
