#!/bin/bash
# PID 1 of a lab's namespaces: every host, mount and interface of the lab lives below it and ends with it.
# Reads lines `HOST ADDRESS` from the pipe $RUN/power-on and boots that host.
#
# From the environment: RUN, DISKS (folders), LAYERS (the folders that a disk lies over, the uppermost first, parted by
# colons), BASE (the lowest of them), CGROUP (name), GATEWAY (address), CLIENT_KEY (public key).
# With OWNED=1 file descriptor 3 is the /proc folder of the process that the lab shall not outlive.
set -eu
here=$(dirname "$0")

# nspawn and `ip netns` leave files in /run: here they get one that ends with the lab. Two labs then never meet there.
mount -t tmpfs -o mode=755,size=16m tmpfs /run
mkdir /run/netns
# A pure version 2 view, whatever this machine mounts there, makes the hosts' systemd run unified.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$CGROUP/supervisor"
echo $$ >"/sys/fs/cgroup/$CGROUP/supervisor/cgroup.procs"

ip link set lo up
ip link add switch0 type bridge
ip address add "$GATEWAY/24" dev switch0
ip link set switch0 up

mkfifo "$RUN/power-on"
exec 4<>"$RUN/power-on"
touch "$RUN/ready"

# The folder was opened outside, where the owner's pid means something, and never comes to mean another process.
# `exe` of a dead process, reaped or not, leads nowhere.
owner_lives() { [ -z "$OWNED" ] || [ -e /proc/self/fd/3/exe ]; }

# On a busy machine a second can be over in the middle of a line: `read` then leaves what it has in the variable.
line=
while owner_lives; do
  if IFS= read -r -t 1 rest <&4; then
    read -r host address <<<"$line$rest"
    line=
    setsid bash "$here/host.sh" "$host" "$address" </dev/null >"$RUN/$host.console" 2>&1 3<&- 4<&- &
  else
    line+=$rest
  fi
done
