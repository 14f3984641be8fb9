#!/bin/bash
# Stops every Kafka broker of this host: SIGTERM, or the signal named by SIGNAL.
pids=$(pgrep -f '^[^ ]*java .* kafka\.Kafka ') || { echo "No kafka server to stop"; exit 1; }
# shellcheck disable=SC2086 # one process id per word
kill -s "${SIGNAL:-TERM}" $pids
