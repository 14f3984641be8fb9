# shellcheck shell=bash disable=SC2034,SC2154
# The version that the stack's pipeline file wants, so that nobody waits for another one.
kafka_version=${BRAMBLE_KAFKA_VERSION:-$(node "$clone/declaration/required-kafka.ts")}
# shellcheck source=/dev/null
. "$setup/kafka/archive.sh"
