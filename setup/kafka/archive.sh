# shellcheck shell=bash disable=SC2034,SC2154
# Builds the Apache Kafka archive of $kafka_version, which the step that sources this file sets.
title="Apache Kafka $kafka_version"
name=kafka_$scala_version-$kafka_version.tgz
archive=$cache/kafka/$name
kafka_url=${BRAMBLE_KAFKA_URL:-https://archive.apache.org/dist/kafka/$kafka_version}

ready() {
  [ -e "$archive" ]
}

build() {
  if ! fetch_checked "$kafka_url" "$name" "$name.sha512" "$new/$name"; then
    say "the official archive cannot be downloaded here; assembling it from Maven artifacts"
    command -v mvn >/dev/null || install_packages maven
    "$setup/kafka/assemble.sh" "$kafka_version" "$scala_version" "$new/$name"
  fi
  publish "$new/$name" "$archive"
}

advice() {
  echo "put the official $name at $archive, or make the Maven repository reachable; then run this again"
}
