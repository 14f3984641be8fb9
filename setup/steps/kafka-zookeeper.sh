# shellcheck shell=bash disable=SC2034,SC2154
# For the tests: independent of the stack's pipeline file.
kafka_version=$(node "$clone/declaration/required-kafka.ts" zookeeper)
# shellcheck source=/dev/null
. "$setup/kafka/archive.sh"
