# shellcheck shell=bash disable=SC2034,SC2154
title="Pulumi plugin command $command_plugin_version or its offline stand-in"
name=pulumi-resource-command
# This file exists if the download failed. It stops set-up from trying, and reporting, again for a week.
tried=$cache/log/command-plugin-$command_plugin_version.tried

# The places where Pulumi itself looks for the plugin.
official() {
  [ -e "${PULUMI_HOME:-$HOME/.pulumi}/plugins/resource-command-v$command_plugin_version/$name" ] ||
    PATH=$users_path type -P "$name" >/dev/null
}

ready() {
  official || [ -n "$(find "$tried" -mtime -7 2>/dev/null)" ]
}

# Without the official plugin `bramble` puts the stand-in on PATH (lab/environment.ts).
build() {
  if ! timeout 60 pulumi plugin install resource command "v$command_plugin_version"; then
    say "the plugin cannot be downloaded here; bramble uses the offline stand-in in lab/command-plugin instead"
    touch "$tried"
  fi
}

advice() {
  echo "run \`pulumi plugin install resource command v$command_plugin_version\` to see more, then run this again"
}
