# shellcheck shell=bash disable=SC2034,SC2154
# The patch version before that of kafka-kraft, for the test that upgrades from one to the other.
kafka_version=4.3.0
# shellcheck source=/dev/null
. "$setup/kafka/archive.sh"
