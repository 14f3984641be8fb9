#!/bin/bash
# Builds the root file system of a virtual Raspberry Pi in the folder $1. The file's own content names the image
# (base-<hash>): change anything here and the next `lab up` builds a new one.
set -euo pipefail
root=$1

packages=(
  systemd systemd-sysv dbus libpam-systemd libnss-systemd   # a real init with logins
  openssh-server sudo                                       # what Raspberry Pi OS greets with
  iproute2 iputils-ping netbase procps ca-certificates python3-minimal
  openjdk-17-jre-headless                                   # all that Kafka needs
)

# The JRE's post-install links its man pages and fails without their folder.
# shellcheck disable=SC2016 # $1 is for the shell that mmdebstrap starts
mmdebstrap --mode=root --variant=minbase --include="${packages[*]}" \
  --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --essential-hook='mkdir -p "$1/usr/share/man/man1"' \
  bookworm "$root"

chroot "$root" useradd --create-home --shell /bin/bash --groups sudo pi
echo 'pi:raspberry' | chroot "$root" chpasswd
echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/010_pi-nopasswd"
chmod 440 "$root/etc/sudoers.d/010_pi-nopasswd"

# Four Pis share this machine's cores, which four starting Kafkas would keep busy: theirs is compiled quickly rather than
# well, and takes its classes as they were once loaded (kafka-classes.sh).
java=$(readlink "$root/etc/alternatives/java")
rm "$root/usr/bin/java"
cat >"$root/usr/bin/java" <<X
#!/bin/bash
case "\$*" in */opt/kafka/libs/*)
  for jar in /opt/kafka/libs/kafka_2.13-*.jar; do classes=/usr/lib/jvm/kafka/\$(basename -s .jar "\${jar##*-}").jsa; done
  set -- -XX:TieredStopAtLevel=1 -XX:SharedArchiveFile="\$classes" "\$@"
esac
exec -a java $java "\$@"
X
chmod 755 "$root/usr/bin/java"

# Each host makes host keys of its own when it first boots, as a freshly flashed card does.
rm -f "$root"/etc/ssh/ssh_host_*
mkdir -p "$root/etc/systemd/system/ssh.service.d"
cat >"$root/etc/systemd/system/ssh.service.d/host-keys.conf" <<'X'
[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
X
printf 'PasswordAuthentication yes\nUseDNS no\n' >"$root/etc/ssh/sshd_config.d/lab.conf"

# The network is set from outside, there is no hardware to probe and no internet to ask for updates or the time.
for unit in systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service \
  systemd-resolved.service systemd-timesyncd.service systemd-udevd.service systemd-udev-trigger.service \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# The journal lives in memory, where four hosts do not fill the disk of the one machine below.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\nReadKMsg=no\nAudit=no\n' \
  >"$root/etc/systemd/journald.conf.d/lab.conf"

cat >"$root/etc/hosts" <<'X'
127.0.0.1 localhost
10.42.0.250 rpi0
10.42.0.251 rpi1
10.42.0.252 rpi2
10.42.0.253 rpi3
X
: >"$root/etc/resolv.conf"
: >"$root/etc/machine-id"
touch "$root/etc/default/locale"
