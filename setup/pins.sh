# shellcheck shell=bash disable=SC2034 # read by the steps
# Every version that set-up installs, read from the one file that sets it. The cache is keyed by version: change a version
# there, and set-up builds it again.
root=${BASH_SOURCE[0]%/*}/..

# Runs the Pulumi program on this machine and the services on the hosts. On this machine, a newer one on PATH also works.
# The sums are those of its npm packages.
node_version=$(<"$root/.node-version")
node_sha512_x64=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced
node_sha512_arm64=1692513c4cf63afbd32df8c83a5346158f492cf30a825e66f9de2819804b836e242759a6bcdd5997f1cf2601781c3689e752127afd65d5c459fc333e91e5d6e6

# A plugin and the CLI go with the npm package that the program is written against.
package_version() {
  sed -n "s|^ *\"$1\": \"\([0-9.]*\)\",\{0,1\}$|\1|p" "$root/package.json"
}
pulumi_version=$(package_version @pulumi/pulumi)
command_plugin_version=$(package_version @pulumi/command)

# Kafka's versions: declaration/kafka-versions.ts.
scala_version=2.13

# The official archives. The variables select a mirror, for example a school's.
node_url=${BRAMBLE_NODE_URL:-https://nodejs.org/dist/v$node_version}
pulumi_url=${BRAMBLE_PULUMI_URL:-https://github.com/pulumi/pulumi/releases/download/v$pulumi_version}
