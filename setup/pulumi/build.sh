#!/bin/bash
# Builds the Pulumi CLI and its Node.js language host from the Go modules pinned beside this file.
# usage: build.sh GO CLI_VERSION OUTPUT_FOLDER
# Two modules: the newest language host that the Go module proxy serves is older than the CLI and depends on other versions
# of the same modules. The protocol between the two is stable.
set -euo pipefail

room=$(cd "$(dirname "$0")" && pwd)
go=$1 cli=$2 output=$3
host=$(awk '$1 == "github.com/pulumi/pulumi/sdk/v3" { print substr($2, 2) }' "$room/language-nodejs/go.mod")

# No C compiler, no other Go than this one, and nothing of a go.work or of the user's own flags.
export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-mod=readonly

# compile MODULE_FOLDER COMMAND VERSION
compile() {
  local stamp=github.com/pulumi/pulumi/sdk/v3/go/common/version.Version
  (cd "$room/$1" && "$go" build -v -trimpath -buildvcs=false -ldflags "-s -w -X $stamp=v$3" -o "$output/${2##*/}" "$2")
}

mkdir -p "$output"
compile cli github.com/pulumi/pulumi/pkg/v3/cmd/pulumi "$cli"
compile language-nodejs github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs "$host"
