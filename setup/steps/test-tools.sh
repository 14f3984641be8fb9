# shellcheck shell=bash disable=SC2034,SC2154
title="The course's Kafka client for Python and the other tools of the tests"
requirements=$setup/test-tools.txt
venv=$cache/venv

# The runtime's tests start a broker on this machine; those of the lab log in with a password.
packages=(python3-venv sshpass)
command -v java >/dev/null || packages+=(openjdk-17-jre-headless)

ready() {
  [ -z "$(missing_packages "${packages[@]}")" ] && cmp -s "$requirements" "$venv/requirements.txt"
}

build() {
  install_packages "${packages[@]}"
  # Built in place, because a virtual environment contains its own path and cannot be moved. The copy of the requirements
  # is made last: it marks the environment as complete.
  /usr/bin/python3 -m venv --clear "$venv"
  "$venv/bin/pip" --disable-pip-version-check install --require-hashes -r "$requirements"
  cp "$requirements" "$venv/requirements.txt"
}

advice() {
  echo "make the Python package index reachable and run this again; only the tests need it"
}
