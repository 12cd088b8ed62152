#!/bin/bash
# usage: fetch-kernel.sh FOLDER
# Puts Debian's stock kernel, the modules the tests use and a small initramfs into FOLDER. Downloads
# the package and unpacks it there; nothing is installed on this machine. A second run does nothing.
set -euo pipefail
folder=$1
here=$(cd "$(dirname "$0")" && pwd)

# What the guest needs to see its root file system, in the order of loading.
early=(virtio_pci 9pnet_virtio 9p overlay)
# Everything else is loaded by the guest's kernel itself when it is asked for.
late=(net lib crypto arch/x86/crypto drivers/net/wireguard drivers/net/tun.ko drivers/net/veth.ko
  drivers/net/dummy.ko drivers/virtio fs/9p fs/fscache fs/netfs fs/overlayfs)

download() {
  apt-get download -qq -o APT::Sandbox::User=root "$package"
}

fetch() {
  local package
  # linux-image-cloud-amd64 would be smaller, but it has no 9p.
  package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
  if [ -z "$package" ]; then
    apt-get update -qq
    package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
  fi
  version=${package#linux-image-}
  echo "Fetching $package ..."
  (cd "$new" && { download || { apt-get update -qq && download; }; })
  dpkg --fsys-tarfile "$new"/*.deb | tar -x -C "$new" "./boot/vmlinuz-$version" \
    "./lib/modules/$version/modules.builtin" "./lib/modules/$version/modules.order" \
    "${late[@]/#/./lib/modules/$version/kernel/}"
  rm "$new"/*.deb
  mv "$new/boot/vmlinuz-$version" "$new/vmlinuz"
  busybox depmod -b "$new" "$version"
}

# The modules before a module, then itself, as paths.
with_dependencies() {
  local line
  line=$(grep "/$1\.ko:" "$modules/modules.dep")
  # modules.dep names the nearest dependency last.
  echo "${line#*:}" | tr ' ' '\n' | tac | grep . || :
  echo "${line%%:*}"
}

build_initramfs() {
  local root=$new/initramfs name path number=10
  mkdir -p "$root"/{bin,dev,proc,sys,root,modules}
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp "$here/guest-init.sh" "$root/init"
  for name in "${early[@]}"; do
    while read -r path; do
      ls "$root/modules/"*"-${path##*/}" >/dev/null 2>&1 && continue
      cp "$modules/$path" "$root/modules/$((number++))-${path##*/}"
    done < <(with_dependencies "$name")
  done
  (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$new/initramfs.gz"
  rm -r "$root"
}

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
if [ "$folder/initramfs.gz" -nt "$here/guest-init.sh" ] && [ "$folder/initramfs.gz" -nt "$0" ]; then
  exit 0
fi
new=$folder.new
rm -rf "$new"
mkdir "$new"
fetch
modules=$new/lib/modules/$version
build_initramfs
rm -rf "$folder"
mv "$new" "$folder"
