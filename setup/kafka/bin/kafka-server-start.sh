#!/bin/bash
# Starts a Kafka broker: the flags and environment variables of Apache Kafka's launcher of this name.
[ $# -gt 0 ] || { echo "USAGE: $0 [-daemon] server.properties [--override property=value]*" >&2; exit 1; }
bin=$(dirname "$(readlink -f "$0")")
config=$bin/../config
export KAFKA_LOG4J_OPTS=${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$config/log4j.properties -Dlog4j2.configurationFile=$config/log4j2.yaml}
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}
flags=(-name kafkaServer)
if [ "$1" = -daemon ]; then flags=(-daemon "${flags[@]}"); shift; fi
exec "$bin/kafka-run-class.sh" "${flags[@]}" kafka.Kafka "$@"
