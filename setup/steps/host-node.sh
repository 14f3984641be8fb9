# shellcheck shell=bash disable=SC2034,SC2154
title="Node.js $node_version for the hosts, x64 and arm64"

ready() {
  [ -e "$(node_package x64)" ] && [ -e "$(node_package arm64)" ]
}

build() {
  pack_node_package x64
  pack_node_package arm64
}

advice() {
  echo "make the npm registry reachable and run this again"
}
