# Unpacks a program from Debian's package into the target directory, beside the libraries that it wants; nothing is
# installed. Sourced by the scripts that say which.
#
# The mirror is the one that apt uses for Debian, or ICC_DEBIAN_MIRROR. What comes from there is checked by Debian's
# signature, and the program's package by its checksum too.
#
# $program, and how it says its $version_flag; $suite, $package and $version of it, and its $checksum; the $libraries;
# the $files to take from all of these; $arguments of every call, in which $here is where they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
target=${CARGO_TARGET_DIR:-target}
place=$target/$program

fail() {
    echo "no $program: $*" >&2
    exit 1
}

if [[ -x $place/$program ]] && "$place/$program" "$version_flag" >/dev/null 2>&1; then
    exit 0
fi
[[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] || fail "this takes Debian's package for amd64"
[[ -f $keyring ]] || fail "$keyring is not there: apt-get install debian-archive-keyring"
mirror=${ICC_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)}
[[ $mirror ]] || fail "apt knows no mirror of Debian; name one in ICC_DEBIAN_MIRROR"

mkdir -p "$target"
work=$(mktemp -d "$(realpath "$target")/$program-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt fetches as a user of its own
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs,unpacked}
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
apt=(apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::Etc::Preferences=-
    -o Dir::Etc::PreferencesParts=- -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
    -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o APT::Sandbox::User=root)
"${apt[@]}" update >"$work/log" 2>&1 || fail "$(tail -n 3 "$work/log")"
(cd "$work/debs" && "${apt[@]}" download "$package=$version" "${libraries[@]/%//$suite}") >"$work/log" 2>&1 ||
    fail "$(tail -n 3 "$work/log")"
sha256sum --quiet --check <<<"$checksum  $(echo "$work/debs/${package}"_*.deb)" || fail "another package than $version"

for deb in "$work"/debs/*.deb; do
    # Each has some of the files.
    dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$work/unpacked" --wildcards --strip-components=1 "${files[@]}" 2>/dev/null || true
done
cat >"$work/unpacked/$program" <<SCRIPT
#!/bin/sh
here=\$(dirname "\$0")/usr
lib=\$(echo "\$here"/lib/*-linux-gnu)
exec "\$lib"/ld-linux* --library-path "\$lib:\$here/lib" "\$here/bin/$program" $arguments "\$@"
SCRIPT
chmod +x "$work/unpacked/$program"
"$work/unpacked/$program" "$version_flag" >/dev/null || fail "it does not run"
rm -rf "$place"
mv "$work/unpacked" "$place"
echo "$program $("$place/$program" "$version_flag")"
