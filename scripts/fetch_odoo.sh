#!/usr/bin/env bash
# Fetches Odoo 19 from Debian (suite sid), verified by apt's signature check, and unpacks it into a private folder.
# Installing the package would pull that suite's Python; unpacking it changes nothing on the machine.
# Usage: fetch_odoo.sh FOLDER      Odoo lands in FOLDER/odoo
set -euo pipefail
target=$1/odoo
work=$1/odoo-fetch
recorded_version=19.0.0+dfsg-1   # the version that the tests were last run with
# The packages that Odoo's package replaces parts of itself by links to, and their suites are the machine's own but for the last.
odoo_packages=(odoo-19 fonts-montserrat)
link_packages=(libjs-jquery libjs-jquery-form libjs-underscore fonts-font-awesome fonts-roboto-unhinted
               fonts-inconsolata fonts-ocr-b fonts-glyphicons-halflings)

stop() { printf '\nSTOPPED: %s\n' "$*" >&2; exit 1; }

mkdir -p "$work"/{lists/partial,cache/archives/partial,packages}
# The machine's own mirror, as apt knows it: no host is written down in this project.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
    | awk '$2 !~ /-(security|updates|backports)$/ {print $1; exit}')
[ -n "$mirror" ] || stop "apt knows no Debian mirror on this machine; run 'apt-get update' as root and try again."
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e $keyring ] || keyring=/etc/apt/trusted.gpg.d
[ -f "$keyring" ] && signed="[signed-by=$keyring] " || signed=
printf 'deb %s%s sid main\n' "$signed" "$mirror" > "$work/sid.list"

options=(-q -o "Dir::Etc::SourceList=$work/sid.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists"
         -o "Dir::Cache=$work/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
[ "$(id -u)" = 0 ] && options+=(-o APT::Sandbox::User=root)

printf '  fetching Odoo 19 (123 MB) from Debian\n'
apt-get "${options[@]}" update > "$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; stop "Debian's package list could not be fetched or its signature did not verify. Is the network up? ('expired' means that the mirror is out of date, or that this machine's clock is wrong.)"; }
( cd "$work/packages" && apt-get "${options[@]}" download "${odoo_packages[@]}" >> "$work/log" 2>&1 ) \
    || { tail -n 5 "$work/log" >&2; stop "Odoo could not be downloaded. Is the network up, and does your mirror carry the suite sid?"; }
( cd "$work/packages" && { apt-get -q download "${link_packages[@]}" || apt-get "${options[@]}" download "${link_packages[@]}"; } >> "$work/log" 2>&1 ) \
    || { tail -n 5 "$work/log" >&2; stop "Odoo's JavaScript and font packages could not be downloaded. Is the network up?"; }

rm -rf "$target"
mkdir -p "$target"
printf '  unpacking Odoo 19\n'
for package in "$work"/packages/*.deb; do
    dpkg-deb -x "$package" "$target" || stop "a package could not be unpacked; is the disk full?"
done
dangling=$(find "$target" -xtype l | wc -l)
[ "$dangling" = 0 ] || { find "$target" -xtype l | head -5 >&2; stop "$dangling links of Odoo's package point nowhere; its pages would answer 500."; }

version=$(dpkg-deb -f "$work"/packages/odoo-19_*.deb Version)
printf '%s\n' "$version" > "$target/.version"
if [ "$version" != "$recorded_version" ]; then
    printf '  NOTE: Odoo %s was fetched; the tests were last run with %s.\n' "$version" "$recorded_version" >&2
fi
rm -rf "$work"
touch "$target/.complete"
