"""Spawning programs in other namespaces, and what they cost by themselves."""

import ctypes
import os
import time
from concurrent.futures import ThreadPoolExecutor

CLONE_FS = 0x200
_KINDS = {"pid_for_children": 0x20000000, "net": 0x40000000, "mnt": 0x20000}
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


class Cost:
    def __init__(self, wall_s, usage):
        self.wall_s = wall_s
        self.cpu_s = usage.ru_utime + usage.ru_stime


class Inside:
    """A thread that lives in the namespaces of the process `pid`, and spawns programs there. Neither a
    fork of this process nor entering the namespaces is in a program's account then."""

    def __init__(self, pid, environment, log_path):
        self._pid, self.environment, self.log_path = pid, environment, log_path
        self._thread = ThreadPoolExecutor(1, initializer=self._enter)

    def _enter(self):
        fds = [(os.open(f"/proc/{self._pid}/ns/{kind}", os.O_RDONLY), flag)
               for kind, flag in _KINDS.items()]
        # A thread may change its mount namespace once it shares no folder with the others.
        _check(_libc.unshare(CLONE_FS), "unshare")
        for fd, flag in fds:
            _check(_libc.setns(fd, flag), "setns")
            os.close(fd)

    def close(self):
        self._thread.shutdown()

    def _spawn(self, argv):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.posix_spawn(argv[0], argv, self.environment, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self.log_path, flags, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)])

    def spawn(self, argv):
        """Its process id."""
        return self._thread.submit(self._spawn, argv).result()

    def run(self, argv):
        """Runs a program that must succeed to its end."""
        def work():
            begun = time.monotonic()
            _, status, usage = os.wait4(self._spawn(argv), 0)
            return status, Cost(time.monotonic() - begun, usage)
        status, cost = self._thread.submit(work).result()
        if status != 0:
            raise AssertionError(f"{' '.join(argv)}: status {status}\n{self.log()[-2000:]}")
        return cost

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()
