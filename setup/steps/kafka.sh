# shellcheck shell=bash disable=SC2034,SC2154
# The version of the stack's pipeline file, and no other, so that set-up takes no longer than it must.
kafka_version=${BRAMBLE_KAFKA_VERSION:-$(node "$clone/declaration/required-kafka.ts")}
# shellcheck source=/dev/null
. "$setup/kafka/archive.sh"
