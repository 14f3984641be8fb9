# shellcheck shell=bash disable=SC2034,SC2154
title="Node.js ${node_version%%.*} or newer"
cached=$cache/node/$node_version/bin/node

on_path() {
  local node
  while read -r node; do
    [ "$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "${node_version%%.*}" ] || continue
    echo "$node"
    return
  done < <(PATH=$users_path type -ap node)
  return 1
}

choose() {
  on_path || { [ -x "$cached" ] && echo "$cached"; }
}

ready() {
  linked "$(choose)" node && command -v npm >/dev/null
}

build() {
  choose >/dev/null || bring
  link "$(choose)" node
  command -v npm >/dev/null || install_packages npm
}

bring() {
  local architecture
  architecture=$(this_architecture)
  if ! command -v npm >/dev/null; then
    if official "$architecture"; then return; fi
    say "the official archive cannot be downloaded here; installing Node.js from the npm registry with Debian's npm"
    install_packages npm
  fi
  pack_node_package "$architecture"
  mkdir "$new/node"
  tar -xzf "$(node_package "$architecture")" -C "$new/node" --strip-components=1
  publish "$new/node" "$cache/node/$node_version"
}

# The official archive includes npm.
official() {
  local name=node-v$node_version-linux-$1
  fetch_checked "$node_url" "$name.tar.gz" SHASUMS256.txt "$new/node.tar.gz" &&
    mkdir "$new/node" &&
    tar -xzf "$new/node.tar.gz" -C "$new/node" --strip-components=1 &&
    publish "$new/node" "$cache/node/$node_version" &&
    link "$cache/node/$node_version/bin/npm" npm &&
    link "$cache/node/$node_version/bin/npx" npx
}

advice() {
  echo "put a Node.js ${node_version%%.*} with npm on PATH, or make the npm registry reachable; then run this again"
}
