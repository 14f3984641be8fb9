#!/bin/bash
# Starts a Java class of Kafka with the flags and environment variables of Apache Kafka's launcher of this name.
set -u

usage="USAGE: $0 [-daemon] [-name servicename] [-loggc] classname [opts]"
base=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
log_dir=${LOG_DIR:-$base/logs}
daemon=
name=
gc_log=()

while [ $# -gt 0 ]; do
  case $1 in
    -daemon) daemon=1; shift ;;
    -name) name=${2:?"$usage"}; shift 2 ;;
    -loggc) gc_log=("-Xlog:gc*:file=$log_dir/gc.log:time,tags:filecount=10,filesize=10M"); shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { echo "$usage" >&2; exit 1; }

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" >/dev/null || {
  echo "$0: there is no Java, neither at \$JAVA_HOME/bin/java nor on PATH; install a Java 17 runtime (openjdk-17-jre-headless)" >&2
  exit 1
}

# A tool runs for a second, so its start must be fast. A server (it has a name) keeps both compilers.
# The serial collector has the smallest footprint, and a Pi has little memory.
performance="-server -XX:+UseSerialGC -Djava.awt.headless=true"
[ -n "$name" ] || performance="$performance -XX:TieredStopAtLevel=1 -Xshare:auto"
# Kafka 3 logs with log4j, Kafka 4 with log4j2: each knows one of the two.
log4j="-Dlog4j.configuration=file:$base/config/tools-log4j.properties -Dlog4j2.configurationFile=$base/config/tools-log4j2.yaml"
jmx=${KAFKA_JMX_OPTS:-}
[ -z "${JMX_PORT:-}" ] || jmx="${jmx:--Dcom.sun.management.jmxremote=true -Dcom.sun.management.jmxremote.authenticate=false \
  -Dcom.sun.management.jmxremote.ssl=false} -Dcom.sun.management.jmxremote.port=$JMX_PORT"

# Each of these variables holds several flags, separated by blanks, and must be split into words.
# shellcheck disable=SC2206
command=("$java" ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_JVM_PERFORMANCE_OPTS:-$performance} ${gc_log[@]+"${gc_log[@]}"}
  $jmx "-Dkafka.logs.dir=$log_dir" ${KAFKA_LOG4J_OPTS:-$log4j} ${KAFKA_OPTS:-}
  -cp "${CLASSPATH:+$CLASSPATH:}$base/libs/*" "$@")

# Only a server writes logs; a tool must work for a user who may not write below the installation.
[ -z "$daemon$name" ] || mkdir -p "$log_dir" || exit 1
[ -n "$daemon" ] || exec "${command[@]}"
nohup "${command[@]}" >"${CONSOLE_OUTPUT_FILE:-$log_dir/${name:-kafka}.out}" 2>&1 </dev/null &
