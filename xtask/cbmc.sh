#!/usr/bin/env bash
# Unpacks cbmc, which proves what the C reader does with a hostile file, from Debian's package into target/cbmc, beside
# the libraries that it wants; nothing is installed. `cargo xtask cbmc` finds it there. It calls gcc to preprocess.
#
# The mirror is the one that apt uses for Debian, or ICC_DEBIAN_MIRROR. What comes from there is checked by Debian's
# signature, and cbmc by the checksum below too.
set -euo pipefail
cd "$(dirname "$0")/.."

version=6.6.0-4
checksum=02560859a17049c976961c232c4fc58f0747b57f9b751a466b1f368a438b0e41
suite=trixie
libraries=(libc6 libgcc-s1 libstdc++6 minisat zlib1g)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
target=${CARGO_TARGET_DIR:-target}
cbmc=$target/cbmc/cbmc

fail() {
    echo "no cbmc: $*" >&2
    exit 1
}

if [[ -x $cbmc ]] && "$cbmc" --version >/dev/null 2>&1; then
    exit 0
fi
[[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] || fail "this takes Debian's package for amd64"
[[ -f $keyring ]] || fail "$keyring is not there: apt-get install debian-archive-keyring"
mirror=${ICC_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)}
[[ $mirror ]] || fail "apt knows no mirror of Debian; name one in ICC_DEBIAN_MIRROR"

mkdir -p "$target"
work=$(mktemp -d "$(realpath "$target")/cbmc-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt fetches as a user of its own
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs,cbmc}
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
apt=(apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::Etc::Preferences=-
    -o Dir::Etc::PreferencesParts=- -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o APT::Sandbox::User=root)
"${apt[@]}" update >"$work/log" 2>&1 || fail "$(tail -n 3 "$work/log")"
(cd "$work/debs" && "${apt[@]}" download "cbmc=$version" "${libraries[@]/%//$suite}") >"$work/log" 2>&1 ||
    fail "$(tail -n 3 "$work/log")"
sha256sum --quiet --check <<<"$checksum  $(echo "$work"/debs/cbmc_*.deb)" || fail "another package than $version"

for package in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
        tar -x -C "$work/cbmc" --wildcards --strip-components=1 './usr/bin/cbmc' './usr/lib*/ld-linux*' './usr/lib/*.so*' 2>/dev/null || true
done
cat >"$work/cbmc/cbmc" <<'SCRIPT'
#!/bin/sh
here=$(dirname "$0")/usr
lib=$(echo "$here"/lib/*-linux-gnu)
exec "$lib"/ld-linux* --library-path "$lib:$here/lib" "$here/bin/cbmc" "$@"
SCRIPT
chmod +x "$work/cbmc/cbmc"
"$work/cbmc/cbmc" --version >/dev/null || fail "it does not run"
rm -rf "$target/cbmc"
mv "$work/cbmc" "$target/cbmc"
echo "cbmc $("$cbmc" --version)"
