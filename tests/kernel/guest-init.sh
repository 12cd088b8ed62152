#!/bin/busybox sh
# Process 1 of the virtual machine: shows it this machine's files, read-only below a memory overlay,
# and hands over to the job that boot.py left in the results folder.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do
  insmod "$module" || echo "cannot load $module"
done

mkdir -p /lower /memory
mount -t tmpfs tmpfs /memory
mkdir /memory/upper /memory/work
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro machine /lower
mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work overlay /root

mkdir -p /root/proc /root/sys /root/dev /root/run /root/results
mount --move /proc /root/proc
mount --move /sys /root/sys
mount --move /dev /root/dev
mount -t tmpfs tmpfs /root/run
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts devpts /root/dev/pts
mount -t tmpfs tmpfs /root/dev/shm
mount -t 9p -o trans=virtio,version=9p2000.L,cache=none,msize=512000 results /root/results
exec switch_root /root /bin/bash /results/job
