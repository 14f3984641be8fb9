#!/bin/bash
# Stops every ZooKeeper server of this host: SIGTERM, or the signal named by SIGNAL.
pids=$(pgrep -f '^[^ ]*java .*\.QuorumPeerMain ') || { echo "No zookeeper server to stop"; exit 1; }
# shellcheck disable=SC2086 # one process id per word
kill -s "${SIGNAL:-TERM}" $pids
