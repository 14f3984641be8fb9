# shellcheck shell=bash disable=SC2034,SC2154
title="Kafka Streams, kafka-python and librdkafka, for the measurements"
requirements=$setup/bench-tools.txt
tools=$cache/bench-tools
# The sources of the tools. Their copy is made last: it marks the tools as complete.
made_from=(
  "$requirements" "$clone/declaration/kafka-versions.ts"
  "$clone/bench/runtime/streams/pom.xml" "$clone/bench/runtime/streams/StreamsService.java"
)

packages=(python3-venv openjdk-17-jdk-headless maven)

ready() {
  [ -z "$(missing_packages "${packages[@]}")" ] && cat "${made_from[@]}" | cmp -s - "$tools/made-from"
}

build() {
  install_packages "${packages[@]}"
  rm -rf "$tools"
  mkdir -p "$tools/streams/libs" "$tools/streams/classes"
  /usr/bin/python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" --disable-pip-version-check install --require-hashes -r "$requirements"
  mvn -B -ntp -q -Dstyle.color=never -f "$clone/bench/runtime/streams/pom.xml" \
    "-Dkafka.version=$(node "$clone/declaration/required-kafka.ts" zookeeper)" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$tools/streams/libs"
  javac -cp "$tools/streams/libs/*" -d "$tools/streams/classes" "$clone/bench/runtime/streams/StreamsService.java"
  cat "${made_from[@]}" >"$tools/made-from"
}

advice() {
  echo "make the Python package index and the Maven repository reachable and run this again; only make bench-runtime needs it"
}
