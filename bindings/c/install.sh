#!/bin/sh
# Builds the library and puts it, the headers, icc.pc and iccConfig.cmake below a prefix:
#   bindings/c/install.sh /usr/local
# With ICC_BUILT in the environment, takes the library from that directory and builds nothing.
set -eu
prefix=${1:?say where to: install.sh PREFIX}
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../target}
[ -n "${ICC_BUILT:-}" ] || cargo build --release --manifest-path "$here/Cargo.toml" --target-dir "$target"
built=${ICC_BUILT:-$target/release}
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/icc"
prefix=$(cd "$prefix" && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../../Cargo.toml" | head -n 1)
cp "$here"/include/* "$prefix/include/"
cp "$built/libicc_c.so" "$built/libicc_c.a" "$prefix/lib/"
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$version|" "$here/icc.pc.in" > "$prefix/lib/pkgconfig/icc.pc"
cp "$here/cmake/iccConfig.cmake" "$prefix/lib/cmake/icc/"
