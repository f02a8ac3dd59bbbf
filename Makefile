# Everything that CI runs, and everything a developer needs, is a target here.
# PYTHON chooses the interpreter that .venv is made with; ARGS are passed on by `make run`, `make test`, `make bench…`
# and `make load…`, whose load test SCENARIO names. FUZZ_S is how many seconds `make fuzz` takes for each target.

PYTHON ?= python3
ARGS ?=
SCENARIO ?= 25
FUZZ_S ?= 3600
bin := .venv/bin
sources := src tests benchmarks loadtests fuzz docs

.PHONY: help run install test check format bench bench-compare bench-baseline accuracy memory pictures \
    load load-smoke load-cost soak-hostile fuzz lock system clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 16

run: .venv/runtime  ## install what the server needs, start it, print the address to open
	@$(bin)/kinemotion serve $(ARGS)

install: .venv/development  ## install the package with everything that developing it needs

test: .venv/development  ## every test
	@$(bin)/pytest $(ARGS)

check: .venv/development  ## format, lint and types; changes nothing
	@$(bin)/ruff format --check $(sources)
	@$(bin)/ruff check $(sources)
	@$(bin)/mypy $(sources)

format: .venv/development  ## format the code and mend what the linter can
	@$(bin)/ruff check --fix $(sources)
	@$(bin)/ruff format $(sources)

bench: .venv/development  ## benchmarks, beside the bare library in the same run
	@$(bin)/pytest benchmarks --benchmark-columns=median,iqr,min,max,rounds --benchmark-sort=name $(ARGS)

bench-compare: .venv/development  ## fail where a frame's way costs more, beside the bare library, than the baseline
	@$(bin)/python -m benchmarks.compare $(ARGS)

bench-baseline: .venv/development  ## measure that baseline anew, on an idle machine
	@$(bin)/python -m benchmarks.baseline $(ARGS)

accuracy: .venv/development  ## errors against known truth, into docs/accuracy.md; about ten minutes
	@$(bin)/python -m benchmarks.accuracy

memory: .venv/development  ## the memory of a server as cameras come and go; about a minute
	@$(bin)/python -m benchmarks.memory $(ARGS)

pictures: .venv/development  ## the pictures of the README, of the drawn athlete
	@$(bin)/python docs/pictures.py

load: .venv/development  ## a load test of a server of its own; SCENARIO=smoke, 25, 100, first, ramp, spike, soak, jumps, flood
	@$(bin)/python -m loadtests.run $(SCENARIO) $(ARGS)

load-smoke: .venv/development  ## the shortest load test
	@$(bin)/python -m loadtests.run smoke $(ARGS)

load-cost: .venv/development  ## the server's processor time for each answer, over bare MediaPipe's; four minutes
	@$(bin)/python -m loadtests.cost $(ARGS)

soak-hostile: .venv/development  ## cameras beside hostile clients, and beside none; 14 minutes; ARGS="--seconds 120"
	@$(bin)/python -m loadtests.hostile_soak $(ARGS)

fuzz: .venv/development  ## every parser of strangers' bytes, one after another, FUZZ_S seconds each
	@for target in picture frames start json; do $(bin)/python -m fuzz $$target $(FUZZ_S) || exit 1; done

system:  ## Debian packages that the tests need (as root)
	@apt-get update -qq
	@DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium prometheus nginx

lock: .venv/development  ## resolve the pins again, to the newest versions that pyproject.toml allows
	@$(PYTHON) -m venv .venv/uv && .venv/uv/bin/pip install --quiet uv
	@for extra in "" dev; do \
	    .venv/uv/bin/uv pip compile pyproject.toml $${extra:+--extra $$extra} --quiet --upgrade --universal \
	        --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	        --output-file requirements$${extra:+-$$extra}.lock; \
	done
	@sed -nE 's/^requires = \["(.*)"\]/\1/p' pyproject.toml | .venv/uv/bin/uv pip compile - --quiet --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --output-file requirements-build.lock

clean:  ## remove the environment and every cache
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Kinemotion needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	         "Name another: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	    echo "$(PYTHON) can make no virtual environment. On Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

define install
	@echo "Installing the packages of $(1) into .venv …"
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1)
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@
endef

.venv/runtime: .venv/python requirements.lock pyproject.toml
	$(call install,requirements.lock)

.venv/development: .venv/python requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch .venv/runtime
