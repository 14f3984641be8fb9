# shellcheck shell=bash disable=SC2034,SC2154
# A patch version before the one of kafka-kraft, for the test that goes from the one to the other.
kafka_version=4.3.0
# shellcheck source=/dev/null
. "$setup/kafka/archive.sh"
