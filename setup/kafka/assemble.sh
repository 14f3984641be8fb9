#!/bin/bash
# Assembles an Apache Kafka archive in the official layout from Maven artifacts and the launchers beside this file.
# usage: assemble.sh KAFKA_VERSION SCALA_VERSION OUTPUT.tgz
set -euo pipefail

kafka=$1 scala=$2 output=$(readlink -f "$3")
# The series differ in ZooKeeper and the logging backend. Series after 4 are treated like 4.
series="series-4"
[ "${kafka%%.*}" -ge 4 ] || series="series-3"
room=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$work"' EXIT
home=$work/kafka_$scala-$kafka
mkdir -p "$home/libs"

echo "downloading Kafka $kafka and its dependencies with Maven"
mvn -B -ntp -q -Dstyle.color=never -f "$room/pom.xml" -P "$series" "-Dkafka.version=$kafka" "-Dscala.version=$scala" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$home/libs"

mkdir -p "$home/config" "$home/bin"
for part in "$room" "$room/$series"; do
  cp "$part"/config/* "$home/config/"
  [ ! -d "$part/bin" ] || cp "$part"/bin/*.sh "$home/bin/"
done
# The other tools differ only in the class that they start. Some classes have another name since Kafka 4.
while read -r tool class since4; do
  [ "$series" = "series-3" ] || class=${since4:-$class}
  cat >"$home/bin/$tool.sh" <<LAUNCHER
#!/bin/bash
exec "\$(dirname "\$(readlink -f "\$0")")/kafka-run-class.sh" $class "\$@"
LAUNCHER
done <"$room/tools.tsv"
python3 -m zipfile -e "$home/libs/kafka-clients-$kafka.jar" "$work/clients"
cp "$work/clients/LICENSE" "$work/clients/NOTICE" "$home/"

# The same jars must give the same bytes, so that bramble recognizes the archive on a host. The jars are already
# compressed: a higher compression level costs seconds and gains nothing.
chmod -R u=rwX,go=rX "$home"
chmod 755 "$home"/bin/*.sh
echo "packing $(find "$home/libs" -name '*.jar' | wc -l) jars"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work" -cf - "kafka_$scala-$kafka" | gzip -n -1 >"$output"
