#!/usr/bin/env bash
# Unpacks herd7, which judges the litmus tests, into target/herd7, where `cargo xtask litmus` finds it. On other systems:
# opam install herdtools7.
set -euo pipefail

program=herd7
version_flag=-version
suite=sid
package=herdtools7
version=7.58-2
checksum=97a6e2bfbc2c516cd9816e8c87c3acc412953479a3351b308d139e0af9550672
libraries=(libc6 libgmp10)
files=('./usr/bin/herd7' './usr/share/herdtools7/herd/*.*' './usr/lib*/ld-linux*' './usr/lib/*/ld-linux*'
    './usr/lib/*/libm.so*' './usr/lib/*/libc.so*' './usr/lib/*/libgmp.so*')
arguments='-set-libdir "$here/share/herdtools7/herd"'
source "$(dirname "$0")/debian.sh"
