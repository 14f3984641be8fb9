# shellcheck shell=bash disable=SC2034,SC2154
title="Pulumi CLI $pulumi_version with its Node.js language host"
cached=$cache/pulumi/$pulumi_version

# language_host PULUMI: the path of the language host beside PULUMI, else of the one on PATH.
language_host() {
  local beside=${1%/*}/pulumi-language-nodejs
  if [ -x "$beside" ]; then echo "$beside"; else PATH=$users_path type -P pulumi-language-nodejs; fi
}

on_path() {
  local found
  found=$(PATH=$users_path type -P pulumi) && language_host "$found" >/dev/null || return 1
  at_least "$("$found" version 2>/dev/null | sed 's/^v//')" "$pulumi_version" && echo "$found"
}

choose() {
  on_path || { [ -x "$cached/pulumi" ] && echo "$cached/pulumi"; }
}

ready() {
  local found
  found=$(choose) && linked "$found" pulumi && linked "$(language_host "$found")" pulumi-language-nodejs
}

build() {
  local found
  choose >/dev/null || official || from_go_modules
  found=$(choose)
  link "$found" pulumi
  link "$(language_host "$found")" pulumi-language-nodejs
}

official() {
  local name
  name=pulumi-v$pulumi_version-linux-$(this_architecture).tar.gz
  # Of the language hosts in the archive, only that of Node.js.
  fetch_checked "$pulumi_url" "$name" "pulumi-$pulumi_version-checksums.txt" "$new/pulumi.tar.gz" &&
    mkdir "$new/pulumi" &&
    tar -xzf "$new/pulumi.tar.gz" -C "$new/pulumi" --strip-components=1 pulumi/pulumi pulumi/pulumi-language-nodejs &&
    publish "$new/pulumi" "$cached"
}

from_go_modules() {
  local needed
  say "the official archive cannot be downloaded here; building from Go modules (4-6 min on two cores)"
  needed=$(awk '$1 == "go" { print $2 }' "$setup/pulumi/cli/go.mod")
  bring_go "$needed"
  "$setup/pulumi/build.sh" "$(fitting_go "$needed")" "$pulumi_version" "$new/built"
  publish "$new/built" "$cached"
  drop_go
}

# `go build -v` prints the name of each package that it has compiled.
progress() {
  echo "compiled $(grep -c '^[a-z0-9.-]*[./][^ ]*$' "$log") of about 1900 packages"
}

advice() {
  echo "put pulumi and pulumi-language-nodejs $pulumi_version on PATH, or make the Go module proxy reachable;" \
    "then run this again"
}
