# Debian packages: what is missing is installed, what is there is left alone. To be sourced.

PACKAGES_BUILD=(
  build-essential cmake ninja-build pkg-config
  libmnl-dev libsodium-dev libsqlite3-dev libmicrohttpd-dev libcurl4-openssl-dev rapidjson-dev
  libtomlplusplus-dev libedit-dev zlib1g-dev
)
# Hosts in network namespaces, on this machine.
PACKAGES_HOSTS=(iproute2 iputils-ping nftables procps util-linux wireguard-go wireguard-tools)
PACKAGES_TEST=(
  clang libcmocka-dev python3 python3-pytest sqlite3
  fish systemd zsh # completion scripts and units are tried by those who read them
  qemu-system-x86 busybox-static xz-utils # the kernel's own WireGuard, in a virtual machine
)
# What scripts/bench needs besides.
PACKAGES_BENCH=(gnuplot-nox python3 wrk)

# packages_need NAME... - asks dpkg first, so a second run installs nothing and needs no network.
packages_need() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing: ${missing[*]}" >&2
    echo "Run this as root, or install them first." >&2
    return 1
  fi
  echo "Installing ${missing[*]} ..."
  packages_apt update -qq
  packages_apt install -qq --no-install-recommends "${missing[@]}" >/dev/null
}

packages_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -y "$@"
}
