# Everything that is run by hand or by CI. `make demo` and `make test` do all their own set-up.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# The environment is ready for exactly these requirements; other requirements have another stamp. What tests need is on
# top of what the demo needs, so the demo installs no tool of development.
sum = $(shell cat pyproject.toml requirements/setup.txt requirements/$(1).txt | cksum | tr ' ' '-')
DEMO := $(VENV)/ready-embedded-$(call sum,embedded)
DEV := $(VENV)/ready-dev-$(call sum,dev)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements"

# Tests are run in four processes, for many wait for something; whoever is done first takes over from the others; `ARGS="-n 0"` runs them in one.
PYTEST := $(BIN)/pytest -n 4 --dist worksteal
# Tests start hundreds of commands: none should compile Shelftalk anew, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test check lint bench faults storm fuzz requirements

setup: $(DEV)
	@:

$(DEV):
	@sh .ci/setup "$(VENV)" dev
	@sh .ci/browser "$(VENV)"
	@rm -f $(VENV)/ready-* && touch "$(DEMO)" "$@"

$(DEMO):
	@sh .ci/setup "$(VENV)" embedded
	@rm -f $(VENV)/ready-* && touch "$@"

# The story of README.md, on real components.
demo: $(DEMO)
	@$(BIN)/shelftalk demo

# Every test. One of them: make test ARGS="tests/devstack -k mailbox"
test: setup
	@$(PYTEST) $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --warnings
	$(BIN)/lint-imports

# What to run before every commit; under two minutes.
check: lint
	@$(PYTEST) -m "not slow" $(ARGS)

# The figures of docs/capacity.md, on this machine. Some parts only: make bench ARGS="--only rates,restocks"
bench: setup
	@$(BIN)/python -m bench $(ARGS)

# Twenty killed workers in five hundred tellings, and PostgreSQL away three times; a thousand are told, and half of them say
# no meanwhile; ten thousand messages (or SENDS) over each kind of sender. Counted at the other end. One kind of sender:
# make faults ARGS="-k twilio"
faults: setup
	@SENDS=$(SENDS) $(BIN)/pytest -n 0 -s $(addprefix tests/faults/,many_kills.py many_stops.py many_sends.py) $(ARGS)

# Twenty thousand deliveries (or STORM) of every platform with webhooks, shuffled, repeated and broken, while secrets, tokens
# and subscriptions change. One platform: make storm ARGS="-k shopify"
storm: setup
	@STORM=$(or $(STORM),20000) $(BIN)/pytest -n 0 -s tests/storms $(ARGS)

# Whatever reads what others write (feeds, every storefront's messages), given anything at all for ten minutes, or FUZZ. What
# falls is written down whole, and kept as an example for the runs that follow.
fuzz: setup
	@FUZZ=$(or $(FUZZ),10) $(BIN)/python -m tests.fuzz $(ARGS)

# After a change of dependencies in pyproject.toml.
requirements: setup
	$(COMPILE) --group setup -o requirements/setup.txt
	$(COMPILE) --extra dev -o requirements/dev.txt pyproject.toml
	$(COMPILE) --extra embedded -c requirements/dev.txt -o requirements/embedded.txt pyproject.toml
	$(COMPILE) -c requirements/dev.txt -o requirements/product.txt pyproject.toml
