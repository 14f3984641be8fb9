# shellcheck shell=bash disable=SC2034,SC2154
title="Pulumi plugin command $command_plugin_version"
name=pulumi-resource-command
stand_in=$clone/lab/command-plugin/$name

# Where Pulumi looks for it by itself.
official() {
  [ -e "${PULUMI_HOME:-$HOME/.pulumi}/plugins/resource-command-v$command_plugin_version/$name" ] ||
    PATH=$users_path type -P "$name" >/dev/null
}

ready() {
  # Pulumi prefers what is on PATH, so the stand-in has to go as soon as the official plugin is there.
  if official; then [ ! -L "$bin/$name" ]; else linked "$stand_in" "$name"; fi
}

build() {
  if official || timeout 60 pulumi plugin install resource command "v$command_plugin_version"; then
    rm -f "$bin/$name"
    return
  fi
  [ -x "$stand_in" ] || { echo "$stand_in: found none"; return 1; }
  say "the official plugin cannot be downloaded here; using the offline stand-in in lab/command-plugin instead"
  link "$stand_in" "$name"
}

advice() {
  echo "run \`pulumi plugin install resource command v$command_plugin_version\` where it can be downloaded, copy \${PULUMI_HOME:-~/.pulumi}/plugins here, then start this again"
}
