# shellcheck shell=bash disable=SC2034,SC2154
title="npm packages of bramble"

ready() {
  node "$setup/npm-packages-installed.js" "$clone"
}

# Not `npm ci`: it refuses a lock file that lacks a binary for some other platform, as a lock file does that was made
# against a registry which lacks it. What is locked comes in the locked version either way, and the file stays as it is.
build() {
  cd "$clone" || return
  npm install --no-save --no-progress --loglevel=http
}

advice() {
  echo "make the npm registry reachable, run \`npm install --no-save\` in $clone to see more, then start this again"
}
