# Everything that is run by hand or by CI. `make demo` and `make test` do all their own set-up.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# The environment is ready for exactly these requirements; other requirements have another stamp.
STAMP := $(VENV)/ready-$(shell cat requirements/dev.txt pyproject.toml | cksum | tr ' ' '-')
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" pyproject.toml

# Tests are run in four processes, for many wait for something; whoever is done first takes over from the others; `ARGS="-n 0"` runs them in one.
PYTEST := $(BIN)/pytest -n 4 --dist worksteal
# Tests start hundreds of commands: none should compile Shelftalk anew, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test check fetch lint bench requirements

setup: $(STAMP)
	@:

$(STAMP):
	@sh .ci/setup "$(VENV)"
	@rm -f $(VENV)/ready-* && touch "$@"

# The story of README.md, on real components.
demo: setup
	@$(BIN)/shelftalk demo

# Gets Temporal and its test server, visibly: the only long parts of a first run.
fetch: setup
	@$(BIN)/python -m starter.devstack.fetch temporal test-server

# Every test. One of them: make test ARGS="tests/devstack -k mailbox"
test: fetch
	@$(PYTEST) $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --warnings
	$(BIN)/lint-imports

# What to run before every commit; under two minutes.
check: lint fetch
	@$(PYTEST) -m "not slow" $(ARGS)

# The figures of docs/capacity.md, on this machine.
bench: fetch
	@$(BIN)/python -m bench $(ARGS)

# After a change of dependencies in pyproject.toml.
requirements: setup
	$(COMPILE) --extra dev -o requirements/dev.txt
	$(COMPILE) -o requirements/product.txt
