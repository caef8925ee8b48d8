#!/usr/bin/env bash
# Unpacks cbmc, which proves what the C reader does with a hostile file, into target/cbmc, where `cargo xtask cbmc`
# finds it. It calls gcc to preprocess.
set -euo pipefail

program=cbmc
version_flag=--version
suite=trixie
package=cbmc
version=6.6.0-4
checksum=02560859a17049c976961c232c4fc58f0747b57f9b751a466b1f368a438b0e41
libraries=(libc6 libgcc-s1 libstdc++6 minisat zlib1g)
files=('./usr/bin/cbmc' './usr/lib*/ld-linux*' './usr/lib/*.so*')
arguments=
source "$(dirname "$0")/debian.sh"
