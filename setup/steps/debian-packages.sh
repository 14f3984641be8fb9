# shellcheck shell=bash disable=SC2034
title="Debian packages for the virtual Pis"
# mmdebstrap makes the Pis' root file system, systemd-container boots it. kcat reads the topics: what the demo compares is
# what a Kafka client that is not ours sees.
packages=(ca-certificates curl iproute2 kcat mmdebstrap openssh-client procps python3 systemd-container uidmap)

ready() {
  [ -z "$(missing_packages "${packages[@]}")" ]
}

build() {
  install_packages "${packages[@]}"
}

advice() {
  echo "as root run: apt-get update && apt-get install --no-install-recommends ${packages[*]}; then start this again"
}
