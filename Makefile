# What can be made here. Each line below with ## is shown by `make help`.

GO ?= go

.DEFAULT_GOAL := help
.PHONY: help build demo test test-all test-vm lint bench conformance docs lab-up lab-down clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/fleet, with the helpers for both architectures in it
	$(GO) run ./internal/helper/build
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X fleet/internal/helper.stamp=$$(sha256sum internal/helper/dist/manifest.json | cut -c 1-64)" -o bin/fleet ./cmd/fleet

demo: build ## turn two fresh machines into the load-balanced todo service, twice
	lab/demo

test: build ## the tests: unit, against the real Ansible and Jinja, and on the lab's machines
	.ci/prepare
	.ci/test

test-all: build ## all tests, with the time of each: also the lab's slow ones and those of test-vm
	.ci/prepare
	FLEET_SLOW=1 .ci/test

test-vm: build ## SELinux, firewalld and a reboot, on an emulated machine with a kernel of its own
	FLEET=$(CURDIR)/bin/fleet $(GO) test -tags vm -count=1 -timeout 20m -v ./lab/vmtest

lint: ## gofmt, go vet, staticcheck, shellcheck
	.ci/lint

bench: build ## the benchmarks, beside clush, Ansible, Mitogen, rsync and docker, into bench/RESULTS.md
	$(GO) run ./bench -results bench/RESULTS.md $(BENCH)

conformance: build ## Ansible's own integration tests, from ANSIBLE=a checkout's folder, with fleet in its place
	CGO_ENABLED=0 $(GO) build -o conformance/.state/conformance ./conformance
	conformance/.state/conformance -ansible "$(ANSIBLE)" $(CONFORMANCE)

docs: ## write docs/modules anew from the modules' comments
	$(GO) generate ./docs

lab-up: ## start the lab: two fresh machines and a registry
	lab/up

lab-down: ## remove the lab
	lab/down

clean: ## remove what was built
	rm -rf bin conformance/.state internal/helper/dist/*.gz internal/helper/dist/*.zst internal/helper/dist/manifest.json
