# Each target sets up what it needs; a missing or too old tool is named in one line.
.DEFAULT_GOAL := help
.PHONY: help setup demo test generate check bench chaos conformance mutants walk results serve constraints \
        check-python check-go check-typescript check-generated check-contract \
        test-python test-starting test-in-process test-go test-typescript \
        conformance-itself conformance-sqlite conformance-postgres conformance-clients conformance-agents

PYTHON ?= python3
BIN := python/.venv/bin
# Read by tools/require too.
export PYTHON
# Servers, agents and adapters start hundreds of times in the tests: all are compiled once, whatever is set here.
unexport PYTHONDONTWRITEBYTECODE

# Stamp files: work is done again only when what it is made from changes.
SIGNOFF_READY := python/.venv/.signoff
PYTHON_READY := python/.venv/.ready
GO_READY := .cache/go.ready
TYPESCRIPT_READY := typescript/node_modules/.ready

help: ## this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(PYTHON_READY) $(GO_READY) $(TYPESCRIPT_READY) ## install what the other targets need, inside this folder

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint python/constraints.txt

# What runs signoff.
$(SIGNOFF_READY): python/pyproject.toml python/constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable './python[all]'
	@touch $@

# What works on it, which is what runs it and more: one run of pip for both.
$(PYTHON_READY): python/pyproject.toml python/constraints.txt conformance/pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --editable './python[all,dev]' --editable ./conformance
	@touch $(SIGNOFF_READY) $@

$(BIN)/python:
	@tools/require python
	$(PYTHON) -m venv python/.venv

$(GO_READY): go/go.mod $(wildcard go/go.sum) tools/go.mod tools/go.sum
	@tools/require go
	cd go && go mod download
	cd tools && go tool oapi-codegen -version >/dev/null # also builds it: it starts at once later
	cd tools && go tool gofumpt -version >/dev/null && go tool staticcheck -version >/dev/null
	@mkdir -p $(@D) && touch $@

$(TYPESCRIPT_READY): typescript/package-lock.json
	@tools/require node
	cd typescript && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(SIGNOFF_READY) ## a refund waits for a person, survives a crash, and goes on
	$(BIN)/signoff demo $(ARGS)

serve: $(SIGNOFF_READY) ## the control plane on this machine (ARGS='--port 9000' and so on)
	$(BIN)/signoff serve $(ARGS)

# Tests begin before the slow ones of the checks have ended. The longest come first.
CHECKS := check-python check-typescript check-go check-generated check-contract
TESTS := test-starting test-in-process test-go test-typescript

test: ## everything that has to hold before a change lands
	@echo 'checks and tests, two at a time; each says what it says when it is done: about a quarter of an hour on two cores'
	$(BESIDE) $(CHECKS) $(TESTS)
	@$(MAKE) --no-print-directory conformance

# Two at a time, as one alone seldom keeps two processors busy; each says what it says when it is done.
BESIDE = @$(MAKE) --no-print-directory --jobs 2 --output-sync=target

check: ## linters, types, imports, generated code, the contract
	$(BESIDE) $(CHECKS)

generate: setup ## write anew all that is made from openapi.yaml
	$(BIN)/python tools/generate.py
	$(BIN)/python tools/diagrams.py --write

CONFORMANCE := $(BIN)/signoff-conformance
SERVE := $(CURDIR)/$(BIN)/signoff
REPORTS := .cache/conformance

# How our server is started on $(1), a database URL.
START = --server-cmd '$(SERVE) serve --port {port} --database $(1) [--test-control {token}]' \
	  --keys-cmd '$(SERVE) keys create --role {role} --name {name} [--node {node}] --database $(1)'

conformance: setup ## do the server and the clients keep the contract
	@echo 'five parts, two at a time; each says what it says when it is done: four to five minutes on two cores'
	$(BESIDE) conformance-itself conformance-agents conformance-postgres conformance-sqlite conformance-clients

conformance-sqlite: setup
	$(CONFORMANCE) check --coverage --subject 'server on SQLite' --json $(REPORTS)/sqlite.json --html $(REPORTS)/sqlite.html \
	  $(call START,sqlite:///{data}/signoff.db)
	$(CONFORMANCE) walk --seed 1 --seed 2 --operations 400 $(call START,sqlite:///{data}/signoff.db)

conformance-postgres: setup
	@rm -f $(REPORTS)/postgres.json
	@if test -z "$$CI" && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; \
	then echo 'PostgreSQL is not installed: the server is checked on SQLite only'; else \
	$(CONFORMANCE) check --coverage --subject 'server on PostgreSQL' --json $(REPORTS)/postgres.json --html $(REPORTS)/postgres.html \
	  --database postgres $(call START,{database}) && \
	$(CONFORMANCE) walk --seed 3 --operations 400 --database postgres $(call START,{database}); fi

conformance-clients: setup
	$(CONFORMANCE) check --coverage --adapter python --adapter go --adapter typescript \
	  --json $(REPORTS)/clients.json --html $(REPORTS)/clients.html

conformance-agents: setup
	$(CONFORMANCE) check --agent python --agent go --agent typescript \
	  --json $(REPORTS)/agents.json --html $(REPORTS)/agents.html

# The suite's own tests: that its cases can fail, its runner can't be lied to, its formats are what it says.
conformance-itself: setup
	cd conformance && ../$(BIN)/pytest --numprocesses 2 --dist worksteal

mutants: setup ## put faults into the server, the clients and the wire: does the suite find each? (ARGS='--case SRV-EXP')
	$(CONFORMANCE) mutants $(if $(ARGS),$(ARGS),--json $(REPORTS)/mutants.json)

walk: setup ## random operations beside an oracle, until all was answered and nothing new comes
	$(CONFORMANCE) walk --seed 1 --seed 2 --seed 3 --quiet 2000 --subject 'server on SQLite' \
	  --json $(REPORTS)/walk-sqlite.json $(call START,sqlite:///{data}/signoff.db)
	$(CONFORMANCE) walk --seed 4 --quiet 2000 --subject 'server on PostgreSQL' --database postgres \
	  --json $(REPORTS)/walk-postgres.json $(call START,{database})

# Reports that are not there are left out.
found = $(wildcard $(addprefix $(REPORTS)/,$(addsuffix .json,$(1))))

results: ## write conformance/RESULTS.md from what make conformance, make mutants and make walk have found
	$(CONFORMANCE) results $(call found,sqlite postgres clients agents) \
	  $(addprefix --mutants ,$(call found,mutants)) $(addprefix --walk ,$(call found,walk-sqlite walk-postgres)) \
	  --write conformance/RESULTS.md --html $(REPORTS)/all.html

bench: $(PYTHON_READY) $(GO_READY) $(TYPESCRIPT_READY) ## how fast it is on this machine
	cd python && .venv/bin/python -m benchmarks $(ARGS)

chaos: $(PYTHON_READY) ## kill servers, agents and PostgreSQL 200 times under 500 gates; is anything lost? (ARGS='--engine sqlite --seed 7')
	cd python && .venv/bin/python -m tests.chaos $(ARGS)

check-python: $(PYTHON_READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	cd python && .venv/bin/mypy
	cd python && .venv/bin/lint-imports
	cd conformance && ../$(BIN)/mypy && ../$(BIN)/lint-imports

check-go: $(GO_READY)
	cd go && go vet ./... && go tool -modfile=../tools/go.mod staticcheck ./...
	for folder in examples/*/go conformance/adapters/go python/benchmarks/waits_go python/tests/acceptance/agents/relay_go; do (cd $$folder && go vet ./...) || exit 1; done
	@files=$$(cd tools && go tool gofumpt -l ../go ../examples ../conformance/adapters ../python) && test -z "$$files" || { echo "gofumpt would change: $$files" >&2; exit 1; }

check-typescript: $(TYPESCRIPT_READY)
	cd typescript && npm run --silent check

check-generated: setup
	$(BIN)/python tools/generate.py --check

check-contract: $(PYTHON_READY) $(TYPESCRIPT_READY)
	$(BIN)/openapi-spec-validator openapi.yaml
	cd typescript && npm run --silent lint:contract
	$(BIN)/python tools/compatibility.py

# What starts processes of its own and mostly waits for them. The longest come first, as long as they
# are; the files in the order that is said here. What is started runs as it is shipped: not measured.
STARTING := $(patsubst python/%,%,$(wildcard python/tests/fuzz)) tests/chaos tests/test_benchmarks.py tests/acceptance

# With ARGS: one pytest, with those.
test-python: $(PYTHON_READY) $(GO_READY) $(TYPESCRIPT_READY)
ifdef ARGS
	cd python && .venv/bin/pytest $(ARGS)
else
	$(BESIDE) test-starting test-in-process
endif

test-starting: $(PYTHON_READY) $(GO_READY) $(TYPESCRIPT_READY) # the generators of other clients
	cd python && .venv/bin/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(STARTING)

# Coverage counts these alone: the floor is held by them.
test-in-process: $(PYTHON_READY)
	cd python && .venv/bin/pytest --numprocesses 2 --dist loadfile $(addprefix --ignore ,$(STARTING)) \
	  --cov --cov-report=term:skip-covered

test-go: $(GO_READY) $(PYTHON_READY) # the tests start the server
	cd go && go test ./...
	cd go && for target in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' *_test.go); do \
	  go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 200x . || exit 1; done

test-typescript: $(PYTHON_READY) $(TYPESCRIPT_READY)
	cd typescript && npm test

constraints: ## take the newest development tools that python/pyproject.toml allows
	@tools/require python
	rm -rf .cache/constraints && mkdir -p .cache
	$(PYTHON) -m venv .cache/constraints
	.cache/constraints/bin/pip install --quiet --disable-pip-version-check './python[all,dev]'
	{ head -n 2 python/constraints.txt; \
	  .cache/constraints/bin/pip freeze --exclude signoff --exclude pip --exclude setuptools; } > .cache/constraints.txt
	mv .cache/constraints.txt python/constraints.txt
	rm -rf .cache/constraints
