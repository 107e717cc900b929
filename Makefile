# Every target is one a person uses; continuous integration calls the same ones.
# The first two need nothing but Go and a C compiler.

GO       ?= go
# The tests of docs run other programs, into which no race detector sees.
RACE_PKG ?= $(shell $(GO) list ./... | grep -v '/docs$$')
FUZZTIME ?= 20s
PAIRS    ?= 2000
BENCH    ?= .
PKG      ?= ./...
COUNT    ?= 6
REF      ?=
DATABASE ?=
ROWS     ?= 1000000
ARGS     ?=
SEED     ?=
OPERATIONS ?= 20000
RACE     ?=
# One package more than there are processors: tests wait for servers and disks, too.
PARALLEL ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Races show in the first cases of many; what the cases themselves show, make test shows.
SHORT    ?= -short

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## run the story: the flaw, the herd, the dropped table, the new version (DATABASE=postgres://… or mysql://… for a server)
	$(GO) run ./cmd/demo $(if $(DATABASE),--database '$(DATABASE)')

.PHONY: test
test: ## run all tests on SQLite, and a PostgreSQL and a MariaDB of their own
	$(GO) test -p $(PARALLEL) -timeout 10m ./...
	cd loadtest/compare && $(GO) test ./...

.PHONY: race
race: ## run all tests under the race detector, with fewer random cases than make test (SHORT= for as many)
	$(GO) test -race $(SHORT) -timeout 20m $(RACE_PKG)

.PHONY: bench
bench: ## run the benchmarks, each beside the driver used by hand (BENCH=regexp and PKG=./nodes to choose)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(PKG)

.PHONY: bench-compare
bench-compare: ## run the benchmarks at a commit, REF=…, and as things are here, in turns, COUNT times (6), and print what has changed
	@[ -n '$(REF)' ] || { echo 'bench-compare: no REF: say what to compare with, as in make bench-compare REF=main' >&2; exit 2; }
	@git rev-parse --verify --quiet '$(REF)^{commit}' >/dev/null || { echo 'bench-compare: there is no commit $(REF)' >&2; exit 2; }
	@set -e; dir=$$(mktemp -d); trap 'exit 130' INT TERM; \
	  trap 'git worktree remove --force "$$dir/ref"; rm -rf "$$dir"' EXIT; \
	  git worktree add --quiet --detach "$$dir/ref" '$(REF)'; \
	  for turn in $$(seq $(COUNT)); do \
	    echo "turn $$turn of $(COUNT)" >&2; \
	    (cd "$$dir/ref" && $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(PKG)) >>"$$dir/before"; \
	    $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(PKG) >>"$$dir/after"; \
	  done; \
	  $(GO) tool benchstat '$(REF)='"$$dir/before" here="$$dir/after"

.PHONY: fuzz
fuzz: ## fuzz every parser, FUZZTIME each (20s), and PAIRS (2000) random migrations on each database
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for name in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "fuzz $$pkg $$name"; \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done
	$(GO) test -timeout 60m ./dialect/... -run '^Test(Dialect|Exercise)$$/^migrations$$' -rapid.checks=$(PAIRS)

.PHONY: metamorphic
metamorphic: ## OPERATIONS (20,000) random operations on each database and on a model of it, of each kind how many (SEED=… to repeat)
	SCHEMACTOR_OPERATIONS=$(OPERATIONS) SCHEMACTOR_SEED=$(SEED) $(GO) test -count 1 -v -timeout 60m ./nodes \
	  -run '^Test(Random|Concurrent)Operations$$'

.PHONY: lint
lint: ## vet, staticcheck, gofumpt, tidy modules
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@out=$$($(GO) tool gofumpt -l .); if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi
	$(GO) mod tidy -diff
	cd loadtest/compare && $(GO) vet ./... && $$($(GO) -C ../.. tool -n staticcheck) ./... && $(GO) mod tidy -diff

.PHONY: load
load: ## many processes that write, one killed each second, and a verdict (ARGS for ./loadtest, DATABASE=postgres://… or mysql://… for a server)
	$(GO) run ./loadtest $(if $(ARGS),$(ARGS),--kill-every 1s) $(if $(DATABASE),--database '$(DATABASE)')

.PHONY: compare
compare: ## compare with drivers, GORM, ent, bun and limits written by hand: 4 minutes (ARGS for ./loadtest/compare)
	cd loadtest/compare && $(GO) run . $(ARGS)

.PHONY: screens
screens: ## drive the dashboard in a browser, light and dark, wide and narrow, and keep pictures in build/screenshots
	SCHEMACTOR_SCREENS=all SCHEMACTOR_TEST_REQUIRE=chromium $(GO) test -count 1 -timeout 10m ./coordinator/dashboard

.PHONY: online
online: ## change a PostgreSQL table of ROWS rows (1,000,000) under 32 writers, and print what they noticed
	SCHEMACTOR_ONLINE_ROWS=$(ROWS) $(GO) test -count 1 -v -run '^TestOnline$$' -timeout 20m ./coordinator

.PHONY: million
million: ## store ROWS rows (1,000,000) of a sequence by one call on each database, and print how fast and in how much memory
	SCHEMACTOR_MILLION_ROWS=$(ROWS) $(GO) test -count 1 -v -run '^TestBulkCreateSeqInConstantMemory$$' -timeout 20m ./nodes

.PHONY: faults
faults: ## kill, freeze and cut off programs and servers at the worst moments, in full: 10 minutes (RACE=1: race detector; SCHEMACTOR_HERD=full: a million rows for each database)
	@SCHEMACTOR_FAULTS=long $(GO) test -v -count 1 -parallel 4 -timeout $(if $(RACE),60m -race,30m) ./internal/faults \
	  | awk '!/^=== / { print; fflush() } /^ok / { passed = 1 } END { exit !passed }'

.PHONY: serve-load
serve-load: ## load demo serve with 64 clients for SECONDS (30), on PostgreSQL with two restarts of the server, on SQLite, and three at once
	SCHEMACTOR_SERVE_SECONDS=$(or $(SECONDS),30) $(GO) test -count 1 -v -timeout 20m -run '^Test(Serve(Outlives|UnderLoad|Three)|Dockerfile)' ./cmd/demo

.PHONY: ci
ci: ## what continuous integration runs
	bash .ci/run
