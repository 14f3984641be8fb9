#!/bin/bash
# Loads the classes of one Kafka once, for every start of it on a virtual Pi: makes the folder $3, a layer for the hosts'
# disks, from the hosts' root file system $1 and Kafka's archive $2. Java takes classes that are in such a file as they
# are, which is half of the work of a start (java(1), -XX:SharedArchiveFile).
set -euo pipefail

# In namespaces of its own, so that nothing it starts or mounts outlives it, and its ports are nobody else's.
if [ "${INSIDE:-}" != 1 ]; then
  INSIDE=1 exec unshare --mount --pid --net --uts --fork --kill-child=KILL --propagation private "$0" "$@"
fi

base=$1 archive=$2 layer=$3
version=$(basename -s .tgz "$archive")
version=${version##*-}
work=$layer.work
# This is the first process of its namespace: -1 is all that it has started. What dies may hold the mount a little longer.
trap 'kill -KILL -1; umount --recursive --lazy "$work/root"; rm -rf "$work"' EXIT
mkdir -p "$work/upper/opt/kafka" "$work/upper/etc" "$work/overlay" "$work/root"
tar -xzf "$archive" -C "$work/upper/opt/kafka" --strip-components=1 --no-same-owner
echo "127.0.0.1 localhost" >"$work/upper/etc/hosts"
hostname localhost
ip link set lo up
mount -t overlay classes -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/overlay" "$work/root"
mount -t proc proc "$work/root/proc"

# loading NAME PROGRAM...: runs one of Kafka's programs, which writes down each class that it loads.
loading() {
  local name=$1 program=$2
  shift 2
  chroot "$work/root" env KAFKA_OPTS="-XX:DumpLoadedClassList=/tmp/$name.classes" "/opt/kafka/bin/$program" "$@"
}

listening() {
  for _ in {1..600}; do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
    sleep 0.1
  done
  echo "nothing listens on port $1 after a minute"
  return 1
}

config=/opt/kafka/config
if [ -e "$work/root/opt/kafka/bin/zookeeper-server-start.sh" ]; then
  echo "I: ZooKeeper"
  loading zookeeper zookeeper-server-start.sh $config/zookeeper.properties &
  listening 2181
else
  loading storage kafka-storage.sh format --standalone -t AAAAAAAAAAAAAAAAAAAAAA -c $config/server.properties
fi
echo "I: broker"
loading broker kafka-server-start.sh $config/server.properties &
listening 9092
server="--bootstrap-server localhost:9092"
echo "I: tools"
# shellcheck disable=SC2086 # $server is two words
{
  loading topics kafka-topics.sh $server --create --topic one
  loading described kafka-topics.sh $server --describe
  loading configs kafka-configs.sh $server --describe --entity-type brokers --entity-default
  echo record | loading producer kafka-console-producer.sh $server --topic one
  loading consumer kafka-console-consumer.sh $server --topic one --from-beginning --max-messages 1
}

target=$layer/usr/lib/jvm/kafka
mkdir -p "$target"
echo "I: archive of their classes"
cat "$work"/root/tmp/*.classes | sort -u >"$work/upper/all.classes"
chroot "$work/root" java -Xshare:dump -XX:SharedClassListFile=/all.classes -XX:SharedArchiveFile=/classes.jsa \
  -XX:+UseSerialGC -cp "/opt/kafka/libs/*"
mv "$work/root/classes.jsa" "$target/$version.jsa"
