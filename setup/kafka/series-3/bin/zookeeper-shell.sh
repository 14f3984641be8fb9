#!/bin/bash
# ZooKeeper's own shell: USAGE: zookeeper-shell.sh host:port[/path] [-zk-tls-config-file file] [command]
[ $# -gt 0 ] || { echo "USAGE: $0 zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]" >&2; exit 1; }
exec "$(dirname "$(readlink -f "$0")")/kafka-run-class.sh" org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka -server "$@"
