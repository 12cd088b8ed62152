#!/bin/bash
# Process 1 of a host: a set of namespaces that stands for a machine of its own (tests/lib/hosts.py
# and scripts/demo start it with unshare). /run, /etc and /var/lib become private, so that every host
# has its own WireGuard sockets, innernet folders and hosts file, at the usual paths. /run/home is its root's home:
# /root stays the machine's, whose build may be in there.
# usage: host-init.sh NAME [forever]
#   It says "ready" and stays until its standard input closes (or for ever). When it ends, the kernel
#   ends every process of the host and takes the interfaces away: nothing can be left behind.
set -eu
name=$1 mode=${2:-}

mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/wireguard /run/lock
mkdir -m 0700 /run/home
for folder in /etc /var/lib; do
  layers=/run/host$folder
  mkdir -p "$layers/upper" "$layers/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=$layers/upper,workdir=$layers/work" overlay "$folder"
done
# What an installed innernet on the machine itself has is not this host's.
rm -rf /etc/innernet /etc/innernet-server /var/lib/innernet /var/lib/innernet-server
rm -f /etc/hosts
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$name" >/etc/hosts
echo "$name" >/proc/sys/kernel/hostname
ip link set lo up

echo ready
if [ "$mode" = forever ]; then
  # A sleeping bash still reaps what its host's daemons leave behind.
  while :; do sleep 86400 & wait $! || :; done
else
  while read -r _; do :; done
fi
