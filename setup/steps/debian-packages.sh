# shellcheck shell=bash disable=SC2034
title="Debian packages for the virtual Pis"
# mmdebstrap builds the Pis' root file system, systemd-container boots it. kcat reads the topics, so that the demo compares
# the values that an independent Kafka client sees.
packages=(ca-certificates curl iproute2 kcat mmdebstrap openssh-client procps python3 systemd-container uidmap)

ready() {
  [ -z "$(missing_packages "${packages[@]}")" ]
}

build() {
  install_packages "${packages[@]}"
}

advice() {
  echo "as root run: apt-get update && apt-get install --no-install-recommends ${packages[*]}; then run this again"
}
