# Hosts on this machine, each a set of namespaces, for scripts. To be sourced. What is running is
# noted in $HOSTS (a folder): NAME.pid is the process that holds a host.

# host_start NAME
host_start() {
  local name=$1
  setsid unshare --net --mount --uts --ipc --pid --fork --kill-child --mount-proc \
    --propagation private -- "$SCRIPTS/lib/host-init.sh" "$name" forever \
    </dev/null >"$HOSTS/$name.log" 2>&1 &
  echo $! >"$HOSTS/$name.pid"
  until_true 10 "host $name" grep -qx ready "$HOSTS/$name.log"
}

# host_pid NAME - the host's process 1, for nsenter.
host_pid() {
  local holder child
  holder=$(cat "$HOSTS/$1.pid")
  read -r child _ <"/proc/$holder/task/$holder/children"
  echo "$child"
}

# on NAME COMMAND...
on() {
  local name=$1
  shift
  nsenter --target="$(host_pid "$name")" --net --mount --uts --ipc --pid --wdns=/run/home -- "$@"
}

# host_switch NAME - makes the host a switch.
host_switch() {
  on "$1" ip link add br0 type bridge
  on "$1" ip link set br0 up
}

# host_plug NAME SWITCH ADDRESS/PREFIX - a cable from the host's eth0 to the switch.
host_plug() {
  local name=$1 switch=$2 address=$3
  # Only the network namespace is entered: process ids stay this machine's.
  nsenter --net="/proc/$(host_pid "$switch")/ns/net" \
    ip link add "to-$name" type veth peer name eth0 netns "$(host_pid "$name")"
  on "$switch" ip link set "to-$name" master br0 up
  on "$name" ip address add "$address" dev eth0
  on "$name" ip link set eth0 up
}

# hosts_stop - ends all hosts; everything in them ends with them.
hosts_stop() {
  local file name
  for file in "$HOSTS"/*.pid; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .pid)
    if host_runs "$name"; then
      kill -KILL "$(host_pid "$name")" 2>/dev/null || :
      until_true 5 "host $name to end" host_is_gone "$name"
    fi
    rm -f "$file"
  done
}

# host_runs NAME - process ids are used again: is this one really a host of ours?
host_runs() {
  tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$HOSTS/$1.pid")/cmdline" | grep -q "host-init.sh $1 "
}

host_is_gone() {
  ! host_runs "$1"
}

# until_true SECONDS WHAT COMMAND... - waits for the command to succeed.
until_true() {
  local seconds=$1 what=$2 end
  shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $end ]; then
      echo "Waited $seconds s for $what." >&2
      return 1
    fi
    sleep 0.1
  done
}
