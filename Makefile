# The commands of a working day. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
RELEASE_FLAGS := --configuration release --static-swift-stdlib --product godwit
LINTED := Package.swift Sources Plugins Tests Benchmarks samples/plugins scripts/protoc-plugins

# Tests of servers and time-outs need some air: not all of them at once on a small machine.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4

.PHONY: help build release demo test test-unit lint format protos bench fuzz prove testbed clean

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## Build everything for development.
	scripts/bootstrap build
	$(SWIFT) build

release: ## Build the godwit program, optimised: .build/release/godwit
	scripts/bootstrap build
	$(SWIFT) build $(RELEASE_FLAGS)

demo: release ## Back up and restore a sample application, without a cluster (DEMO_CLUSTER=1: on KUBECONFIG's).
	scripts/demo .build/release/godwit

lint: ## Check format and style.
	$(SWIFT) format lint --strict --parallel --recursive $(wildcard $(LINTED))
	@sha256sum --check --quiet Sources/PluginProtocol/Protos/generated.sha256 || \
		{ echo "lint: the plugin protocol's code is older than its .proto files; run 'make protos'" >&2; exit 1; }

format: ## Format the code in place.
	$(SWIFT) format --in-place --parallel --recursive $(wildcard $(LINTED))

# More than a thousand tests at once on two cores wait so long for their turn that time limits mean nothing.
width := --experimental-maximum-parallelization-width
limit = $(if $(findstring $(width),$(shell $(SWIFT) test --help-hidden 2>/dev/null)),$(width) $(or $(TEST_WIDTH),12))

test-unit: lint ## The quick tests: no servers.
	scripts/bootstrap build test
	trap '' PIPE; scripts/run-tests $(SWIFT) test --skip IntegrationTests $(limit)

test: lint ## Everything: lint, unit tests, contract suites, integration on the testbed.
	scripts/bootstrap build test testbed
	$(SWIFT) build --build-tests
	scripts/testbed build
	scripts/with-testbed scripts/run-tests $(SWIFT) test --skip-build $(limit)

protos: ## Make the code of the plugin protocol anew from its .proto files.
	scripts/bootstrap build protos
	scripts/protos

bench: release ## Measure against the peers; fills docs/benchmarks.md's tables.
	scripts/bootstrap build bench testbed
	$(SWIFT) build $(filter-out --product godwit,$(RELEASE_FLAGS)) --product plugin-calls
	$(SWIFT) build $(filter-out --product godwit,$(RELEASE_FLAGS)) --product sample-quieten
	scripts/testbed build
	scripts/with-testbed Benchmarks/run .build/release/godwit

fuzz: ## Fuzz every parser of stored data with libFuzzer, FUZZ_SECONDS (120) each.
	scripts/bootstrap build
	scripts/fuzz --seconds $(or $(FUZZ_SECONDS),120)

prove: release ## The long proofs of volumes: a million entries and 100 GiB, hundreds of kills, races.
	scripts/bootstrap build test testbed
	scripts/prove-scale .build/release/godwit
	$(SWIFT) build --build-tests
	scripts/testbed build
	GODWIT_KILL_ROUNDS=$(or $(KILL_ROUNDS),300) GODWIT_RACE_ROUNDS=$(or $(RACE_ROUNDS),60) \
		GODWIT_TEST_BINARY=$(CURDIR)/.build/release/godwit \
		scripts/with-testbed $(SWIFT) test --skip-build --filter 'VolumeKillTests|VolumeRaceTests'

testbed: ## Build and start the testbed, and leave it running.
	scripts/bootstrap testbed
	scripts/testbed build
	scripts/testbed start
	scripts/testbed env

clean: ## Remove what was built here (the testbed's cache stays).
	rm -rf .build .build-protoc
