#!/usr/bin/env bash
# Unpacks herd7, which judges the litmus tests, from Debian's package into target/herd7, beside the C library that
# it wants; nothing is installed. `cargo xtask litmus` finds it there. On other systems: opam install herdtools7.
#
# The mirror is the one that apt uses for Debian, or ICC_DEBIAN_MIRROR. What comes from there is checked by Debian's
# signature, and herdtools7 by the checksum below too.
set -euo pipefail
cd "$(dirname "$0")/.."

version=7.58-2
checksum=97a6e2bfbc2c516cd9816e8c87c3acc412953479a3351b308d139e0af9550672
suite=sid
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
target=${CARGO_TARGET_DIR:-target}
herd7=$target/herd7/herd7

fail() {
    echo "no herd7: $*" >&2
    exit 1
}

if [[ -x $herd7 ]] && "$herd7" -version >/dev/null 2>&1; then
    exit 0
fi
[[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] || fail "this takes Debian's package for amd64"
[[ -f $keyring ]] || fail "$keyring is not there: apt-get install debian-archive-keyring"
mirror=${ICC_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)}
[[ $mirror ]] || fail "apt knows no mirror of Debian; name one in ICC_DEBIAN_MIRROR"

mkdir -p "$target"
work=$(mktemp -d "$(realpath "$target")/herd7-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt fetches as a user of its own
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs,herd7}
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
apt=(apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::Etc::Preferences=-
    -o Dir::Etc::PreferencesParts=- -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
    -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o APT::Sandbox::User=root)
"${apt[@]}" update >"$work/log" 2>&1 || fail "$(tail -n 3 "$work/log")"
(cd "$work/debs" && "${apt[@]}" download "herdtools7=$version" "libc6/$suite" "libgmp10/$suite") >"$work/log" 2>&1 ||
    fail "$(tail -n 3 "$work/log")"
sha256sum --quiet --check <<<"$checksum  $(echo "$work"/debs/herdtools7_*.deb)" || fail "another package than $version"

for package in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
        tar -x -C "$work/herd7" --wildcards --strip-components=1 './usr/bin/herd7' './usr/share/herdtools7/herd/*.*' \
            './usr/lib*/ld-linux*' './usr/lib/*/ld-linux*' './usr/lib/*/libm.so*' './usr/lib/*/libc.so*' './usr/lib/*/libgmp.so*' 2>/dev/null || true
done
cat >"$work/herd7/herd7" <<'SCRIPT'
#!/bin/sh
here=$(dirname "$0")/usr
lib=$(echo "$here"/lib/*-linux-gnu)
exec "$lib"/ld-linux* --library-path "$lib" "$here/bin/herd7" -set-libdir "$here/share/herdtools7/herd" "$@"
SCRIPT
chmod +x "$work/herd7/herd7"
"$work/herd7/herd7" -version >/dev/null || fail "it does not run"
rm -rf "$target/herd7"
mv "$work/herd7" "$target/herd7"
echo "herd7 $("$herd7" -version)"
