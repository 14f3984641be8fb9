# shellcheck shell=bash disable=SC2034
title="ShellCheck, for make check"

ready() {
  command -v shellcheck >/dev/null
}

build() {
  install_packages shellcheck
}

advice() {
  echo "as root run: apt-get update && apt-get install --no-install-recommends shellcheck; then run this again"
}
