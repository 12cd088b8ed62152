"""Runs a program on a pseudo-terminal of its own and shows what a person would see there.

Standard library only. A session waits for what appears on the screen, never for time to pass:
every wait_* ends as soon as its condition holds and fails loudly at its deadline.
"""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time

UP, DOWN, RIGHT, LEFT = "\033[A", "\033[B", "\033[C", "\033[D"
HOME, END, PAGE_UP, PAGE_DOWN = "\033[H", "\033[F", "\033[5~", "\033[6~"
BACK_TAB, DELETE, BACKSPACE, ENTER = "\033[Z", "\033[3~", "\x7f", "\r"
CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"

DEADLINE_S = 30


class Screen:
    """The part of a terminal that line editors and menus use: a grid, a cursor, erasing."""

    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.grid = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.wrap_next = False
        self.cursor_visible = True
        self.pending = ""

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        at = 0
        while at < len(text):
            if text[at] != "\033":
                self._put(text[at])
                at += 1
                continue
            match = re.compile(r"\033(\[([0-9;?]*)([@-~])|[()].|[78=>])").match(text, at)
            if not match:
                self.pending = text[at:]
                return
            if match.group(3):
                self._control(match.group(2), match.group(3))
            at = match.end()

    def _line_feed(self):
        if self.row == self.rows - 1:
            self.grid.pop(0)
            self.grid.append([" "] * self.columns)
        else:
            self.row += 1

    def _put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._line_feed()
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char >= " ":
            if self.wrap_next:
                self.column = 0
                self._line_feed()
            self.grid[self.row][self.column] = char
            self.wrap_next = self.column == self.columns - 1
            self.column += not self.wrap_next
            return
        self.wrap_next = False

    def _control(self, parameters, final):
        if parameters == "?25":
            self.cursor_visible = final == "h"
            return
        numbers = [int(n) for n in re.findall(r"\d+", parameters)]
        n = max(1, numbers[0]) if numbers else 1
        row = self.grid[self.row]
        if final != "m":
            self.wrap_next = False
        if final == "A":
            self.row = max(0, self.row - n)
        elif final == "B":
            self.row = min(self.rows - 1, self.row + n)
        elif final == "C":
            self.column = min(self.columns - 1, self.column + n)
        elif final == "D":
            self.column = max(0, self.column - n)
        elif final == "G":
            self.column = n - 1
        elif final == "P":
            row[self.column:] = row[self.column + n:] + [" "] * min(n, self.columns - self.column)
        elif final == "@":
            row[self.column:] = ([" "] * n + row[self.column:])[:self.columns - self.column]
        elif final == "K":
            row[self.column:] = [" "] * (self.columns - self.column)
        elif final == "J":
            row[self.column:] = [" "] * (self.columns - self.column)
            for below in range(self.row + 1, self.rows):
                self.grid[below] = [" "] * self.columns

    def text(self):
        """What is on the screen, without blanks at line ends and empty lines at the end."""
        return "\n".join("".join(line).rstrip() for line in self.grid).rstrip("\n")


class PtySession:
    """A program whose stdin (unless given), stderr and controlling terminal are a pseudo-terminal.

    stdout is a pipe unless stdout_tty; read it with output(). `env` replaces the environment, to
    which TERM=xterm is added unless it names one.
    """

    def __init__(self, argv, env=None, rows=24, columns=80, stdin=None, stdout_tty=False, cwd=None):
        self.screen = Screen(rows, columns)
        self.raw = b""
        self.out = b""
        self.master, self.slave = os.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        environment = dict(os.environ if env is None else env)
        if env is None or "TERM" not in env:
            environment["TERM"] = "xterm"
        environment = {k: v for k, v in environment.items() if v is not None}
        self.process = subprocess.Popen(
            argv, env=environment, cwd=cwd, start_new_session=True,
            stdin=self.slave if stdin is None else stdin, stderr=self.slave,
            stdout=self.slave if stdout_tty else subprocess.PIPE,
            preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.master, self.slave):
            if fd is not None:
                os.close(fd)
        self.master = self.slave = None
        if self.process.stdout:
            self.process.stdout.close()

    def hang_up(self):
        """Takes the terminal away."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = None

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def _pump(self, timeout_s):
        fds = [self.master] if self.master is not None else []
        if self.process.stdout and not self.process.stdout.closed:
            fds.append(self.process.stdout.fileno())
        ready, _, _ = select.select(fds, [], [], timeout_s)
        for fd in ready:
            data = os.read(fd, 65536)
            if fd == self.master:
                self.raw += data
                self.screen.feed(self._decode(data))
            elif data:
                self.out += data
            else:
                self.process.stdout.close()
        return bool(ready)

    def _decode(self, data):
        data = getattr(self, "_partial", b"") + data
        for cut in range(0, 4):
            try:
                text = data[:len(data) - cut].decode()
                self._partial = data[len(data) - cut:]
                return text
            except UnicodeDecodeError:
                continue
        self._partial = b""
        return data.decode(errors="replace")

    def wait_until(self, condition, what):
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; the screen:\n{self.screen.text()}"
                                     f"\nstdout: {self.out!r}")
            if self.process.poll() is not None and not self._pump(0):
                if condition():
                    return
                raise AssertionError(f"the program ended (status {self.process.returncode}) before "
                                     f"{what}; the screen:\n{self.screen.text()}\n"
                                     f"stdout: {self.out!r}")
            self._pump(0.05)

    def wait_for(self, pattern):
        """Waits until the regular expression matches somewhere on the screen."""
        self.wait_until(lambda: re.search(pattern, self.screen.text(), re.M),
                        f"/{pattern}/ on the screen")

    def wait_end(self):
        """Waits for the program to end; returns its exit code, negative if a signal ended it."""
        deadline = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program does not end; the screen:\n{self.screen.text()}")
            self._pump(0.05)
        while self._pump(0):
            pass
        return self.process.returncode

    def output(self):
        """What the program wrote to stdout, after its end."""
        self.wait_end()
        return self.out.decode()

    def is_restored(self):
        """Are the terminal's settings what they were before the program, cursor included?"""
        return termios.tcgetattr(self.slave) == self.before and self.screen.cursor_visible

    def in_raw_mode(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def kill(self, signal_number=signal.SIGTERM):
        os.kill(self.process.pid, signal_number)
