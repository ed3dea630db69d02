# Two commands: `make demo` sets up and does the main job, `make test` sets up and passes the tests.
# Python >= 3.11, make and git are all that must be there before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test endurance extras quick check bench fuzz faults mutation clean lock
.DEFAULT_GOAL := demo

demo: $(VENV)/.runtime
	@$(BIN)/sourcemark demo

# Many tests wait for a process or a lease: two more than there are cores.
WORKERS = $(shell $(PYTHON) -c 'import os; print(min(6, 2 + (os.cpu_count() or 1)))')

# Where the environment forbids it, each of hundreds of processes would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# What kills services, deploys them, builds packages, sends generated requests or runs benchmarks: as long as all the rest.
ENDURANCE := tests/benchmarks tests/deploy tests/faults tests/packaging tests/api/test_schemathesis.py \
  tests/cli/test_bulk.py tests/cli/test_workers.py tests/fingerprints/sandbox/test_large_files.py \
  tests/provenance/ledger/test_state_machine.py

test: $(VENV)/.develop
	@scripts/debian-test-packages
	@scripts/npm-test-packages
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ENDURANCE:%=--ignore=%)

endurance: $(VENV)/.develop
	@scripts/debian-test-packages
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ENDURANCE)

# The extras `cluster` and `bulk`, for real: several nodes of Ray, Spark, storage that speaks S3.
extras: $(VENV)/.extras
	@scripts/debian-test-packages
	@EXTRAS=all $(BIN)/python -m pytest tests/extras

# A developer's inner loop, within a minute: what is not marked slow, on SQLite.
quick: $(VENV)/.develop
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 -m "not slow" -k "not postgresql"

check: $(VENV)/.develop
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

BENCHMARKS := benchmarks/image/codes.py benchmarks/image/speed.py benchmarks/image/peers.py benchmarks/image/growth.py benchmarks/video/speed.py benchmarks/video/peers.py benchmarks/video/growth.py benchmarks/text/speed.py benchmarks/text/peers.py benchmarks/text/growth.py benchmarks/text/attack.py benchmarks/text/newsletters.py benchmarks/jobs/outbox.py benchmarks/ledger/audit.py benchmarks/ledger/fsck.py benchmarks/ledger/speed.py benchmarks/ledger/memory.py

bench: $(VENV)/.develop
	@for each in $(BENCHMARKS); do echo "== $$each"; $(BIN)/python $$each || exit 1; done

SECONDS := 600

fuzz: $(VENV)/.develop
	@$(BIN)/python -m tests.fuzz.run --seconds $(SECONDS)
	@FUZZ=all $(BIN)/python -m pytest -q tests/api/test_schemathesis.py

# What `make test` does with a part of the store calls and a few kills, with all of them and with hundreds.
faults: $(VENV)/.develop
	@FAULTS=all $(BIN)/python -m pytest -n auto --maxprocesses 4 tests/faults tests/provenance/ledger/test_state_machine.py

PARTS :=

# Changes the code in one place at a time and says which changes no test notices: make mutation PARTS="merkle grants"
mutation: $(VENV)/.develop
	@$(BIN)/python scripts/mutation.py $(PARTS)

# pip checks every file against the hashes in the lock; nothing else is ever installed.
$(VENV)/.runtime: requirements.lock pyproject.toml
	@scripts/make-venv $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/.develop: requirements-dev.lock pyproject.toml
	@scripts/make-venv $(PYTHON) $(VENV) requirements-dev.lock
	@touch $(VENV)/.runtime $@

$(VENV)/.extras: requirements-extras.lock pyproject.toml
	@scripts/make-venv $(PYTHON) $(VENV) requirements-extras.lock
	@touch $(VENV)/.runtime $(VENV)/.develop $@

# For maintainers: resolve again (needs uv). Written without index addresses.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --upgrade pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header pyproject.toml --extra bulk --extra cluster --extra ocr --group dev --group extras -c requirements-dev.lock -o requirements-extras.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
