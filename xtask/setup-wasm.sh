#!/bin/sh
# Prepares a compiler that can build for wasm32-unknown-unknown.
#
# Where rustup can download a target, one command is enough and is tried first:
#
#     rustup target add wasm32-unknown-unknown
#
# Elsewhere, on Debian, the archive has a recent compiler made for building web
# browsers (rustc-web) with its library sources (rust-web-src). This script
# installs both, builds the standard library for wasm32 from those sources,
# puts the result where that compiler looks for it, and shows the compiler to
# rustup as the toolchain "web":
#
#     cargo +web build --lib --target wasm32-unknown-unknown
#
# The last line on stdout is the cargo command to use ("cargo" or "cargo +web"
# or "/usr/bin/cargo"). Status 0: it works. Status 3: this machine has no way
# to get the target, which is not an error of the project.
#
# Running it twice does no work twice. To take everything away again:
#
#     rustup toolchain uninstall web
#     rm -r /usr/lib/rustlib/wasm32-unknown-unknown /usr/lib/rustlib/*/bin/rust-lld
#     apt-get remove --autoremove rustc-web cargo-web rust-web-src lld-NN
set -eu

TARGET=wasm32-unknown-unknown
DEBIAN_RUSTC=/usr/bin/rustc
DEBIAN_CARGO=/usr/bin/cargo
SYSROOT=/usr/lib/rustlib

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

note() { printf 'setup-wasm: %s\n' "$*" >&2; }
give_up() { note "$*"; exit 3; }

# Does this rustc compile *and link* a module that uses std? Asking for the
# list of installed targets would not notice a missing linker.
works() {
    [ -n "$1" ] && command -v "$1" >/dev/null || return 1
    printf 'pub extern "C" fn probe(n: usize) -> usize { vec![0_u8; n].len() }\n' >"$work/probe.rs"
    "$1" --edition 2024 --crate-type cdylib --target "$TARGET" -o "$work/probe.wasm" "$work/probe.rs" \
        >"$work/probe.log" 2>&1
}

debian_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@" \
        >"$work/apt.log" 2>&1
}

# The compiler proper, the sources of its library, and a linker of the same
# LLVM, under the name by which rustc calls it.
install_compiler() {
    [ "$(id -u)" = 0 ] || give_up "installing packages needs root; or run: rustup target add $TARGET"
    command -v apt-get >/dev/null || give_up "no apt-get here; run: rustup target add $TARGET"
    if ! debian_install rustc-web cargo-web rust-web-src; then
        apt-get update --quiet >/dev/null 2>&1 || true
        debian_install rustc-web cargo-web rust-web-src || give_up "no rustc-web: $(tail -n 1 "$work/apt.log")"
    fi
    version=$("$DEBIAN_RUSTC" --version --verbose)
    llvm=$(printf '%s\n' "$version" | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    host=$(printf '%s\n' "$version" | sed -n 's/^host: //p')
    debian_install "lld-$llvm" || give_up "no lld-$llvm: $(tail -n 1 "$work/apt.log")"
    mkdir -p "$SYSROOT/$host/bin"
    ln -sfn "/usr/lib/llvm-$llvm/bin/lld" "$SYSROOT/$host/bin/rust-lld"
}

# A crate with nothing in it makes cargo build the whole standard library as
# its dependency; the libraries are then copied next to the host's. `-Zbuild-std`
# is a nightly option: RUSTC_BOOTSTRAP opens it for this one command. Bitcode is
# embedded so that builds with link-time optimisation can use the result.
build_library() {
    note "building std for $TARGET with $("$DEBIAN_RUSTC" --version), some minutes"
    mkdir -p "$work/nothing/src"
    printf '[package]\nname = "nothing"\nversion = "0.0.0"\nedition = "2021"\n' >"$work/nothing/Cargo.toml"
    printf '#![no_std]\n' >"$work/nothing/src/lib.rs"
    (
        cd "$work/nothing"
        unset RUSTUP_TOOLCHAIN CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER CARGO_BUILD_TARGET
        RUSTC="$DEBIAN_RUSTC" RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$work/built" \
            "$DEBIAN_CARGO" build --quiet --release --target "$TARGET" -Zbuild-std=std,panic_abort,test >&2
    ) || give_up "std does not build for $TARGET"
    rm -rf "${SYSROOT:?}/$TARGET/lib" # left by an older compiler, or half copied
    mkdir -p "$SYSROOT/$TARGET/lib"
    for library in "$work/built/$TARGET/release/deps"/lib*.rlib; do
        case $library in
            */libnothing-*) ;;
            *) cp "$library" "$SYSROOT/$TARGET/lib" ;;
        esac
    done
}

if works rustc; then
    note "rustc already builds for $TARGET"
    echo cargo
    exit 0
fi
if command -v rustup >/dev/null && timeout 60 rustup --quiet target add "$TARGET" >"$work/rustup.log" 2>&1 && works rustc; then
    note "rustup added $TARGET"
    echo cargo
    exit 0
fi
if ! works "$DEBIAN_RUSTC"; then
    install_compiler
    works "$DEBIAN_RUSTC" || build_library
    works "$DEBIAN_RUSTC" || give_up "the standard library was built, yet linking fails: $(tail -n 1 "$work/probe.log")"
fi
if ! command -v rustup >/dev/null; then
    note "ready: $DEBIAN_CARGO builds for $TARGET"
    echo "$DEBIAN_CARGO"
    exit 0
fi
rustup toolchain list | grep -q '^web\( \|$\)' || rustup --quiet toolchain link web /usr
note "ready: cargo +web builds for $TARGET"
echo "cargo +web"
