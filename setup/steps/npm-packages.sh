# shellcheck shell=bash disable=SC2034,SC2154
title="npm packages of bramble"

ready() {
  node "$setup/npm-packages-installed.js" "$clone"
}

# Not `npm ci`, which refuses a lock file without the binaries of other platforms; some registries do not have them all.
# This command also installs the locked versions and leaves the lock file unchanged.
build() {
  cd "$clone" || return
  npm install --no-save --no-progress --loglevel=http
}

advice() {
  echo "make the npm registry reachable, run \`npm install --no-save\` in $clone to see more, then run this again"
}
