# make alone lists the targets.
.DEFAULT_GOAL := help
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME ?= 30s

.PHONY: help build demo test race bench lint fuzz clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The tag leaves out of Google's library what it needs for gRPC: docs/adr/0014.
build: ## build bin/parlance, one static binary
	CGO_ENABLED=0 $(GO) build -tags disable_grpc_modules -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/parlance ./cmd/parlance

demo: build ## watch simulated chats become events at a stand-in for Segment (Ctrl-C ends it)
	@exec bin/parlance demo

test: ## run every test, also those with real SDKs and servers (needs node, npm, PostgreSQL and Chromium, and fetches them where apt-get can)
	@./scripts/need-node
	@./scripts/need-postgres
	@./scripts/need-clickhouse
	@./scripts/need-chromium
	CGO_ENABLED=0 $(GO) test ./...

race: ## run the tests with the race detector
	$(GO) test -race -short ./...

bench: ## measure the gateway against a floor program (see bench/README.md)
	$(GO) run ./bench

lint: ## gofmt, go vet, staticcheck, and govulncheck where its data can be had
	@./scripts/lint $(STATICCHECK) $(GOVULNCHECK)

fuzz: ## fuzz every parser for FUZZTIME each, 30s by default
	@./scripts/fuzz $(FUZZTIME)

clean: ## remove what make built
	rm -rf bin
