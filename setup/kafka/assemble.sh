#!/bin/bash
# Assembles an Apache Kafka archive in the official layout from Maven artifacts and the launchers beside this file.
# usage: assemble.sh KAFKA_VERSION SCALA_VERSION OUTPUT.tgz
set -euo pipefail

kafka=$1 scala=$2 output=$(readlink -f "$3")
# What the series differ in: ZooKeeper and the logging backend. Newer ones are as Kafka 4 until one of them is not.
series="series-4"
[ "${kafka%%.*}" -ge 4 ] || series="series-3"
room=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$work"' EXIT
home=$work/kafka_$scala-$kafka
mkdir -p "$home/libs"

echo "asking Maven for Kafka $kafka and what it depends on"
mvn -B -ntp -q -Dstyle.color=never -f "$room/pom.xml" -P "$series" "-Dkafka.version=$kafka" "-Dscala.version=$scala" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$home/libs"

mkdir -p "$home/config" "$home/bin"
for part in "$room" "$room/$series"; do
  cp "$part"/config/* "$home/config/"
  [ ! -d "$part/bin" ] || cp "$part"/bin/*.sh "$home/bin/"
done
# All the other tools differ only in the class that they start; some of the classes have another name since Kafka 4.
while read -r tool class since4; do
  [ "$series" = "series-3" ] || class=${since4:-$class}
  cat >"$home/bin/$tool.sh" <<LAUNCHER
#!/bin/bash
exec "\$(dirname "\$(readlink -f "\$0")")/kafka-run-class.sh" $class "\$@"
LAUNCHER
done <"$room/tools.tsv"
python3 -m zipfile -e "$home/libs/kafka-clients-$kafka.jar" "$work/clients"
cp "$work/clients/LICENSE" "$work/clients/NOTICE" "$home/"

# The same jars give the same bytes, so that a host which has this archive is seen to have it. The jars are compressed
# already: more than the fastest level costs seconds and wins nothing.
chmod -R u=rwX,go=rX "$home"
chmod 755 "$home"/bin/*.sh
echo "packing $(find "$home/libs" -name '*.jar' | wc -l) jars"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work" -cf - "kafka_$scala-$kafka" | gzip -n -1 >"$output"
