# shellcheck shell=bash disable=SC2034,SC2154
title="npm packages of bramble"

ready() {
  node "$setup/npm-packages-installed.js" "$clone"
}

build() {
  cd "$clone" || return
  npm ci --no-progress --loglevel=http
}

advice() {
  echo "make the npm registry reachable, run \`npm ci\` in $clone to see more, then start this again"
}
