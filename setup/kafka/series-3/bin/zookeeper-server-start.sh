#!/bin/bash
# Starts a ZooKeeper server: the flags and environment variables of Apache Kafka's launcher of this name.
[ $# -gt 0 ] || { echo "USAGE: $0 [-daemon] zookeeper.properties" >&2; exit 1; }
bin=$(dirname "$(readlink -f "$0")")
export KAFKA_LOG4J_OPTS=${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$bin/../config/log4j.properties}
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xmx512M -Xms512M}
flags=(-name zookeeper)
if [ "$1" = -daemon ]; then flags=(-daemon "${flags[@]}"); shift; fi
exec "$bin/kafka-run-class.sh" "${flags[@]}" org.apache.zookeeper.server.quorum.QuorumPeerMain "$@"
