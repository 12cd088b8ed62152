"""Namespaces that last as long as a process which holds them, and it as long as we want or live."""

import subprocess


def hold(options, init, env=None):
    """Runs `init` in new namespaces (options of unshare); it says "ready" on its standard output and
    stays until its standard input closes, which also our end does."""
    holder = subprocess.Popen(["unshare", *options, "--", *init], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env=env, start_new_session=True)
    if holder.stdout.readline() != b"ready\n":
        holder.kill()
        raise RuntimeError(f"namespaces could not be made: {init}")
    return holder


def release(holder, timeout=10):
    """Everything in the namespaces ends."""
    if holder.poll() is None:
        holder.stdin.close()
        try:
            holder.wait(timeout)
        except subprocess.TimeoutExpired:
            holder.kill()
            holder.wait()
    holder.stdout.close()


def child_of(pid):
    """The process that unshare or nsenter forked into a process namespace, as seen from here; None
    while there is none."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
    except FileNotFoundError:
        return None
    return int(children[0]) if children else None
