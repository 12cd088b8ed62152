"""A person at innernet-server's terminal: folders of one's own, and the real program in a network
namespace without any device. Standard library only; needs root."""

import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import pytest

from pty_session import DOWN, ENTER, PtySession

SERVER = os.environ["INNERNET_SERVER"]
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "data" / "golden"
NETWORK = "clitestnet0"  # no device has this name
PLAIN = {"TERM": "xterm", "NO_COLOR": "1", "PATH": os.environ["PATH"]}
PLAIN |= {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}

need_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root: the server refuses to work")


class Desk:
    def __init__(self, root):
        self.config, self.data, self.work = root / "c", root / "d", root / "w"
        self.work.mkdir()
        self.enter = ["unshare", "--net", "--"]
        self.options = [f"--config-dir={self.config}", f"--data-dir={self.data}"]

    def command(self, *args):
        return [*self.enter, SERVER, *self.options, *args]

    def run(self, *args, env=None):
        """Without a terminal."""
        return subprocess.run(self.command(*args), stdin=subprocess.DEVNULL, capture_output=True,
                              env=PLAIN | (env or {}), cwd=self.work, text=True,
                              start_new_session=True)

    def sit(self, *args):
        """On a terminal."""
        return PtySession(self.command(*args), env=PLAIN, cwd=self.work, columns=160)

    def install_golden(self):
        for folder, source, name in [(self.config, "server.conf", f"{NETWORK}.conf"),
                                     (self.data, "server.db", f"{NETWORK}.db")]:
            folder.mkdir(mode=0o700)
            shutil.copy(GOLDEN / source, folder / name)
            (folder / name).chmod(0o600)
        return self

    def sql(self, statement, *values):
        path = self.data / f"{NETWORK}.db"
        with contextlib.closing(sqlite3.connect(path, timeout=5)) as db, db:
            return db.execute(statement, values).fetchall()

    def everything(self):
        """All rows and the names of all files."""
        rows = [self.sql(f"SELECT * FROM {t} ORDER BY id") for t in ("peers", "cidrs", "associations")]
        return rows, self.files()

    def files(self):
        return {str(p.relative_to(self.work.parent)) for p in self.work.parent.rglob("*")
                if p.is_file()}


def answered(session):
    """Questions and answers so far, in order."""
    return re.findall("^✔ (.*) · (.*)$", session.screen.text(), re.M)


def asks(session, question, answer=None):
    """Waits for a question (a regular expression), then types an answer and Enter."""
    session.wait_for(rf"^\? {question}")
    if answer is not None:
        session.send(answer + ENTER)


def menu(session, question, items, chosen):
    """Waits for a menu with exactly these items, and chooses one."""
    last = re.escape(items[-1])
    session.wait_for(rf"^\? {question}(.*\n)*[❯ ] {last}$")
    shown = re.findall("^[❯ ] (.*)$", session.screen.text(), re.M)
    assert shown == items
    session.send(DOWN * items.index(chosen) + ENTER)


def refused(desk, code, *args):
    """Runs a command that must fail, without a terminal, and change nothing."""
    before = desk.everything()
    result = desk.run(*args)
    assert result.returncode == code, result
    assert result.stderr.startswith("error: ")
    assert desk.everything() == before
    return result
