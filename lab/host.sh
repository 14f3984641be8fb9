#!/bin/bash
# Boots one virtual Pi and stays until it is off. $1 is its name, $2 its address; for the environment see supervisor.sh.
set -eu
name=$1 address=$2
disk=$DISKS/$name root=$DISKS/$name/root
host_cgroup=/sys/fs/cgroup/$CGROUP/$name

switch_off() {
  # Without its nspawn a host may still be on its way out; it holds its group (frozen or not) and its disk until then.
  while grep -qs 'populated 1' "$host_cgroup/cgroup.events"; do sleep 0.02; done
  find "$host_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
  umount "$root" 2>/dev/null || true
  # The link by name, as a namespace takes its links with it only some time later.
  ip link delete "$name" 2>/dev/null || true
  ip netns delete "$name" 2>/dev/null || true
  rm -f "$RUN/$name.on"
}
trap switch_off EXIT

flash() {
  mkdir -p "$disk/upper/etc" "$disk/upper/home/pi/.ssh" "$disk/work" "$root"
  tr -d - </proc/sys/kernel/random/uuid >"$disk/upper/etc/machine-id"
  echo "$CLIENT_KEY" >"$disk/upper/home/pi/.ssh/authorized_keys"
  chmod 700 "$disk/upper/home/pi" "$disk/upper/home/pi/.ssh"
  chown -R --reference="$BASE/home/pi" "$disk/upper/home/pi"
  echo "$name" >"$disk/upper/etc/hostname"
}
if [ -e "$disk/lower" ]; then # a disk that was saved, and is put back under what is written from now on
  LAYERS=$(readlink -f "$disk/lower"):$LAYERS
  mkdir -p "$disk/upper" "$disk/work" "$root"
elif [ ! -e "$disk/upper/etc/hostname" ]; then
  flash
fi

# Kafka renames the folder of a topic that it deletes: without redirect_dir overlayfs refuses that for one in a lower layer.
mount -t overlay "$name" -o "lowerdir=$LAYERS,upperdir=$disk/upper,workdir=$disk/work,redirect_dir=on" "$root"

ip netns add "$name"
# A Pi keeps its hardware address over reboots; a new one would leave its peers asking the old one for half a minute.
# shellcheck disable=SC2086 # the address as four numbers
mac=$(printf '02:00:%02x:%02x:%02x:%02x' ${address//./ })
ip link add "$name" type veth peer name eth0 address "$mac" netns "$name"
ip link set "$name" master switch0 up
ip -n "$name" link set lo up
ip -n "$name" link set eth0 up
ip -n "$name" address add "$address/24" dev eth0
ip -n "$name" route add default via "$GATEWAY"

# Each host needs a control group of its own before nspawn starts, or hosts share a tree and end each other's units.
# With --keep-unit nspawn exits 133 when the host wants to reboot.
mkdir -p "$host_cgroup"
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
status=133
while [ "$status" = 133 ]; do
  status=0
  sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$host_cgroup" \
    systemd-nspawn --quiet --boot --register=no --keep-unit --directory="$root" --machine="$name" \
    --network-namespace-path="/run/netns/$name" --link-journal=no --resolv-conf=off --timezone=off \
    --console=read-only --capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON --system-call-filter=bpf || status=$?
done
