"""Completion scripts, run by the shells themselves where they are installed."""

import os
import shutil
import subprocess

import pytest

TOOL = os.environ["TOOL"]


def script(shell):
    return subprocess.run([TOOL, "completions", shell], check=True, capture_output=True,
                          text=True).stdout


def need(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed: its completion script is not run by it")


def run_shell(*argv, **keywords):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **keywords).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_valid(shell, tmp_path):
    need(shell)
    path = tmp_path / "script"
    path.write_text(script(shell))
    result = subprocess.run([shell, "-n", path], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def complete_bash(line, tmp_path, cwd=None):
    """What bash offers at the end of the line, split into words as readline does ("=" too)."""
    words = []
    for word in line.split(" "):
        name, equals, value = word.partition("=")
        words += [name, equals, value] if equals and value else [name, equals] if equals else [name]
    path = tmp_path / "script"
    path.write_text(script("bash"))
    program = """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        set -- $(complete -p tool)
        [[ $* == 'complete -F _tool_complete tool' ]] || exit 3
        _tool_complete
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    out = run_shell("bash", "--norc", "-uc", program, "bash", path, *words, cwd=cwd)
    return out.split()


UP = ["-d", "--daemon", "-q", "--quick", "-i", "--interval", "-x", "--exclude", "--yes",
      "--hosts-path", "--no-write-hosts", "--host-suffix", "-h", "--help"]


@pytest.mark.parametrize("line, offers", [
    ("tool ", ["up", "raise", "show", "load", "completions", "help"]),
    ("tool s", ["show"]),
    ("tool l", ["load"]),
    ("tool -v l", ["load"]),
    ("tool -", ["-v", "--verbose", "-c", "--config-dir", "--no-routing", "--backend", "-h", "--help",
                "-V", "--version"]),
    ("tool --b", ["--backend"]),
    ("tool --backend ", ["kernel", "userspace"]),
    ("tool --backend=", ["kernel", "userspace"]),
    ("tool --backend=k", ["kernel"]),
    ("tool --backend kernel ", ["up", "raise", "show", "load", "completions", "help"]),
    ("tool --backend=kernel s", ["show"]),
    ("tool -c up sh", ["show"]),
    ("tool up -", UP),
    ("tool raise -", UP),
    ("tool up net --no", ["--no-write-hosts"]),
    ("tool up --hosts-path=x --no", ["--no-write-hosts"]),
    ("tool up --interval ", []),
    ("tool up net ", []),
    ("tool show ", []),
    ("tool show -", ["-h", "--help"]),
    ("tool completions ", ["bash", "elvish", "fish", "powershell", "zsh"]),
    ("tool completions z", ["zsh"]),
    ("tool help ", ["up", "raise", "show", "load", "completions", "help"]),
    ("tool nonsense ", []),
    ("tool list -", []),
])
def test_bash_offers(line, offers, tmp_path):
    assert complete_bash(line, tmp_path) == offers


@pytest.mark.parametrize("line, offers", [
    ("tool up --hosts-path a", {"a-file", "a-folder"}),
    ("tool up --hosts-path=a", {"a-file", "a-folder"}),
    ("tool -c a", {"a-folder"}),
    ("tool --config-dir=a", {"a-folder"}),
    ("tool load a", {"a-file", "a-folder"}),
    ("tool load one two a", {"a-file", "a-folder"}),
    ("tool -c a-folder up ", {"evilcorp", "home"}),
    ("tool -c a-folder up -d e", {"evilcorp"}),
    ("tool --config-dir=a-folder up --interval 5 h", {"home"}),
    ("tool -c a-folder up evilcorp ", set()),
])
def test_bash_offers_files_and_interfaces(line, offers, tmp_path):
    (tmp_path / "a-file").touch()
    (tmp_path / "a-folder").mkdir()
    for name in ("evilcorp.conf", "home.conf", "other.txt"):
        (tmp_path / "a-folder" / name).touch()
    assert set(complete_bash(line, tmp_path, cwd=tmp_path)) == offers


def complete_fish(line, tmp_path):
    path = tmp_path / "script"
    path.write_text(script("fish"))
    out = run_shell("fish", "--no-config", "-c", f"source {path}; complete -C '{line}'",
                    env={**os.environ, "HOME": str(tmp_path)})
    return {line.split("\t")[0] for line in out.splitlines()}


@pytest.mark.parametrize("line, offers", [
    ("tool ", {"up", "raise", "show", "load", "completions", "help"}),
    ("tool --backend ", {"kernel", "userspace"}),
    ("tool -c /tmp up --", {word for word in UP if word.startswith("--")}),
    ("tool show --", {"--help"}),
    ("tool completions ", {"bash", "elvish", "fish", "powershell", "zsh"}),
    ("tool help sh", {"show"}),
])
def test_fish_offers(line, offers, tmp_path):
    need("fish")
    assert complete_fish(line, tmp_path) == offers
