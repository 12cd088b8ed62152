"""The command lines of the two programs: spec/client.md part 5, spec/server.md part 6."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

PROGRAMS = {"innernet": os.environ["INNERNET"], "innernet-server": os.environ["INNERNET_SERVER"]}
SHELLS = ["bash", "elvish", "fish", "powershell", "zsh"]

HOSTS = ["--hosts-path", "--no-write-hosts", "--host-suffix"]
NAT = ["--no-nat-traversal", "--exclude-nat-candidates", "--no-nat-candidates"]
NEW_PEER = ["--name", "--ip", "--auto-ip", "--cidr", "--admin", "--yes", "--save-config",
            "--invite-expires"]
IF = "<INTERFACE>"

GLOBALS = {
    "innernet": ["-v, --verbose", "-c, --config-dir", "-d, --data-dir", "--no-routing", "--backend",
                 "--mtu", "-h, --help", "-V, --version"],
    "innernet-server": ["-c, --config-dir", "-d, --data-dir", "--no-routing", "--backend", "--mtu",
                        "-h, --help", "-V, --version"],
}

# command: (positionals, options)
COMMANDS = {
    "innernet": {
        "install": ("<INVITE>", ["--name", "--default-name", "-d, --delete-invite", *HOSTS, *NAT]),
        "show": ("[INTERFACE]", ["-s, --short", "-t, --tree"]),
        "up": ("[INTERFACE]", ["-d, --daemon", "--interval", *HOSTS, *NAT]),
        "fetch": (IF, [*HOSTS, *NAT]),
        "uninstall": (IF, ["--yes"]),
        "down": (IF, []),
        "add-peer": (IF, NEW_PEER),
        "rename-peer": (IF, ["--name", "--new-name", "--yes"]),
        "add-cidr": (IF, ["--name", "--cidr", "--parent", "--yes"]),
        "rename-cidr": (IF, ["--name", "--new-name", "--yes"]),
        "delete-cidr": (IF, ["--name", "--yes"]),
        "list-cidrs": (IF, ["-t, --tree"]),
        "disable-peer": (IF, ["--name", "--yes"]),
        "enable-peer": (IF, ["--name", "--yes"]),
        "add-association": ("<INTERFACE> [CIDR1] [CIDR2]", ["--yes"]),
        "delete-association": ("<INTERFACE> [CIDR1] [CIDR2]", ["--yes"]),
        "list-associations": (IF, []),
        "set-listen-port": (IF, ["-l, --listen-port", "-u, --unset", "--yes"]),
        "override-endpoint": (IF, ["-e, --endpoint", "-u, --unset", "--yes"]),
        "override-peer-endpoint": (IF, ["--name", "-e, --endpoint", "-u, --unset", "--yes"]),
        "completions": ("<SHELL>", []),
        "help": ("[COMMAND]", []),
    },
    "innernet-server": {
        "new": ("", ["--network-name", "--network-cidr", "--external-endpoint",
                     "--auto-external-endpoint", "--listen-port"]),
        "uninstall": (IF, ["--yes"]),
        "serve": (IF, ["--no-routing", "--backend", "--mtu", *HOSTS]),
        "add-peer": (IF, NEW_PEER),
        "disable-peer": (IF, ["--name", "--yes"]),
        "enable-peer": (IF, ["--name", "--yes"]),
        "rename-peer": (IF, ["--name", "--new-name", "--yes"]),
        "add-cidr": (IF, ["--name", "--cidr", "--parent", "--yes"]),
        "rename-cidr": (IF, ["--name", "--new-name", "--yes"]),
        "delete-cidr": (IF, ["--name", "--yes"]),
        "add-association": ("<INTERFACE> [CIDR1] [CIDR2]", ["--yes"]),
        "delete-association": ("<INTERFACE> [CIDR1] [CIDR2]", ["--yes"]),
        "list-peers": (IF, []),
        "list-cidrs": (IF, ["-t, --tree"]),
        "list-associations": (IF, []),
        "completions": ("<SHELL>", []),
        "help": ("[COMMAND]", []),
    },
}
ALIASES = {"innernet": {"redeem": "install", "list": "show"}, "innernet-server": {"init": "new"}}
EVERY_COMMAND = [(p, c) for p, commands in COMMANDS.items() for c in commands]


def run(program, *args, **keywords):
    return subprocess.run([PROGRAMS[program], *args], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, **keywords)


def assert_usage_error(program, args, *parts):
    result = run(program, *args)
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert f"Usage: {program} " in result.stderr and "--help" in result.stderr
    for part in parts:
        assert part in result.stderr.splitlines()[0]


def option_lines(text):
    return {match.group(1).strip() for match in re.finditer(r"^  ((?:-\w, |    )--[\w-]+)", text, re.M)}


# --- help and version -----------------------------------------------------------------------------

@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("args", [["--help"], ["-h"], ["help"]])
def test_help_of_the_program(program, args):
    result = run(program, *args)
    assert (result.returncode, result.stderr) == (0, "")
    assert set(GLOBALS[program]) == option_lines(result.stdout)
    listed = set(re.findall(r"^  ([a-z][a-z-]*)  ", result.stdout, re.M))
    assert listed == set(COMMANDS[program])
    assert f"Usage: {program} " in result.stdout


@pytest.mark.parametrize("program, command", EVERY_COMMAND)
def test_help_of_every_command(program, command):
    positionals, options = COMMANDS[program][command]
    texts = []
    for args in ([command, "--help"], ["help", command], [command, "-h"]):
        result = run(program, *args)
        assert (result.returncode, result.stderr) == (0, "")
        assert set(options) | {"-h, --help"} <= option_lines(result.stdout)
        usage = f"Usage: {program} {command} [OPTIONS] {positionals}".rstrip()
        assert usage in result.stdout.splitlines()
        texts.append(result.stdout)
    assert texts[0] == texts[1]


@pytest.mark.parametrize("program", PROGRAMS)
def test_aliases_are_the_same_command(program):
    for alias, command in ALIASES[program].items():
        assert run(program, alias, "--help").stdout == run(program, command, "--help").stdout


@pytest.mark.parametrize("command", ["add-peer", "rename-peer", "rename-cidr"])
def test_long_help_has_an_example(command):
    example = f"innernet {command} evilcorp --"
    assert example in run("innernet", command, "--help").stdout
    short = run("innernet", command, "-h").stdout
    assert example not in short and "--help" in short.splitlines()[-1]


@pytest.mark.parametrize("program, args, part", [
    ("innernet", ["--help"], "[default: /etc/innernet]"),
    ("innernet", ["--help"], "[default: /var/lib/innernet]"),
    ("innernet", ["--help"], "[possible values: kernel, userspace]"),
    ("innernet", ["up", "-h"], "[default: 60]"),
    ("innernet", ["up", "-h"], "[default: /etc/hosts]"),
    ("innernet", ["add-peer", "-h"], "[possible values: true, false]"),
    ("innernet-server", ["--help"], "[default: /etc/innernet-server]"),
    ("innernet-server", ["--help"], "[default: /var/lib/innernet-server]"),
    ("innernet-server", ["serve", "-h"], "[default: /etc/hosts]"),
    ("innernet-server", ["serve", "-h"], "[possible values: kernel, userspace]"),
    ("innernet-server", ["completions", "-h"], "[possible values: " + ", ".join(SHELLS) + "]")])
def test_help_shows_defaults_and_values(program, args, part):
    assert part in re.sub(r"\s+", " ", run(program, *args).stdout)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version(program, option):
    result = run(program, option)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+\n", result.stdout)


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_plain_without_terminal_and_quiet_when_nobody_reads(program):
    assert "\033" not in run(program, "--help", env={"TERM": "xterm"}).stdout
    result = subprocess.run(["bash", "-c", '"$0" --help | true; echo ${PIPESTATUS[0]}',
                             PROGRAMS[program]], capture_output=True, text=True)
    assert result.stderr == "" and result.stdout.strip() in ("0", "1", "141")


# --- usage errors -----------------------------------------------------------------------------------

BOTH = [
    (["nonsense"], ["nonsense"]),
    (["--nonsense"], ["--nonsense"]),
    (["help", "nonsense"], ["nonsense"]),
    (["--mtu", "abc", "help"], ["--mtu", "abc"]),
    (["--mtu", "4294967296", "help"], ["--mtu"]),
    (["--mtu"], ["--mtu"]),
    (["--backend", "Kernel", "help"], ["--backend", "kernel, userspace"]),
    (["--config-dir", "", "help"], ["--config-dir"]),
    (["--no-routing", "--no-routing", "help"], ["--no-routing"]),
    (["add-cidr"], ["<INTERFACE>"]),
    (["add-cidr", "Not_A_Name"], ["Not_A_Name"]),
    (["add-cidr", "sixteen-letters-"], ["sixteen-letters-"]),
    (["add-cidr", "net", "surplus"], ["surplus"]),
    (["add-cidr", "net", "--name", "UPPER"], ["--name", "UPPER"]),
    (["add-cidr", "net", "--cidr", "10.0.0.0"], ["--cidr", "10.0.0.0"]),
    (["add-cidr", "net", "--yes", "--yes"], ["--yes"]),
    (["add-cidr", "net", "--yes=1"], ["--yes"]),
    (["add-cidr", "net", "--config-dir", "/tmp"], ["--config-dir"]),
    (["add-cidr", "net", "--na", "x"], ["--na"]),
    (["add-peer", "net", "--ip", "10.0.0.1", "--auto-ip"], ["--ip", "--auto-ip"]),
    (["add-peer", "net", "--auto-ip", "--ip", "10.0.0.1"], ["--ip", "--auto-ip"]),
    (["add-peer", "net", "--ip", "10.0.0.256"], ["--ip"]),
    (["add-peer", "net", "--admin", "maybe"], ["--admin", "true, false"]),
    (["add-peer", "net", "--admin"], ["--admin"]),
    (["add-peer", "net", "--invite-expires", "14"], ["--invite-expires"]),
    (["add-peer", "net", "--invite-expires", "99999999999999999999w"], ["--invite-expires"]),
    (["disable-peer", "net", "--yes"], ["--yes", "--name"]),
    (["enable-peer", "net", "--yes"], ["--yes", "--name"]),
    (["completions"], ["<SHELL>"]),
    (["completions", "tcsh"], ["tcsh"]),
    (["completions", "Bash"], ["Bash"]),
]
CLIENT = [
    (["up", "net", "--interval", "-5"], ["--interval"]),
    (["up", "net", "--interval=-5"], ["--interval", "-5"]),
    (["up", "net", "-v"], ["-v"]),
    (["up", "net", "--hosts-path", "/x", "--no-write-hosts"], ["--hosts-path", "--no-write-hosts"]),
    (["up", "--exclude-nat-candidates", "10.0.0.0/8", "--no-nat-candidates"],
     ["--no-nat-candidates"]),
    (["up", "--exclude-nat-candidates", "10.0.0.0/8,10.1.0.0/16"], ["--exclude-nat-candidates"]),
    (["install"], ["<INVITE>"]),
    (["install", "x.toml", "--name", "a", "--default-name"], ["--name", "--default-name"]),
    (["install", "x.toml", "--default-name", "--name", "a"], ["--name", "--default-name"]),
    (["set-listen-port", "net", "-l", "65536"], ["--listen-port"]),
    (["set-listen-port", "net", "-u", "-l1"], ["--unset", "--listen-port"]),
    (["override-endpoint", "net", "-e", "example.com"], ["--endpoint"]),
    (["override-endpoint", "net", "-u", "-e=example.com:1"], ["--unset", "--endpoint"]),
    (["add-association", "net", "a", "b", "c"], ["'c'"]),
]
SERVER = [
    ([], ["command"]),
    (["--no-routing"], ["command"]),
    (["serve", "net", "--hosts-path", "/x", "--no-write-hosts"],
     ["--hosts-path", "--no-write-hosts"]),
    (["serve", "net", "--backend", "auto"], ["--backend"]),
    (["serve", "net", "--mtu", "-1"], ["--mtu"]),
    (["new", "--network-name", "a.b"], ["--network-name"]),
    (["new", "--network-cidr", "10.0.0.0/33"], ["--network-cidr"]),
    (["new", "--listen-port", "65536"], ["--listen-port"]),
    (["new", "--external-endpoint", "1.2.3.4:1", "--auto-external-endpoint"],
     ["--external-endpoint", "--auto-external-endpoint"]),
    (["new", "--external-endpoint", "1.2.3.4"], ["--external-endpoint"]),
    (["show"], ["show"]),
]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("args, parts", BOTH)
def test_usage_errors_of_both(program, args, parts):
    assert_usage_error(program, args, *parts)


@pytest.mark.parametrize("args, parts", CLIENT)
def test_usage_errors_of_the_client(args, parts):
    assert_usage_error("innernet", args, *parts)


@pytest.mark.parametrize("args, parts", SERVER)
def test_usage_errors_of_the_server(args, parts):
    assert_usage_error("innernet-server", args, *parts)


@pytest.mark.parametrize("program", PROGRAMS)
def test_arguments_are_checked_before_anything_happens(program, tmp_path):
    folders = [f"--config-dir={tmp_path}/c", f"--data-dir={tmp_path}/d"]
    assert_usage_error(program, [*folders, "add-cidr", "net", "--cidr", "nonsense"], "--cidr")
    assert list(tmp_path.iterdir()) == []


# --- completions --------------------------------------------------------------------------------------

def spelled(shell, option):
    long_name = option.split(", ")[-1]
    return f" -l {long_name[2:]} " if shell == "fish" else long_name


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", SHELLS)
def test_completions_offer_everything(program, shell):
    result = run(program, "completions", shell)
    assert (result.returncode, result.stderr) == (0, "")
    for option in GLOBALS[program]:
        assert spelled(shell, option) in result.stdout
    for command, (_, options) in COMMANDS[program].items():
        assert re.search(rf"(?<![\w-]){command}(?![\w-])", result.stdout)
        for option in options:
            assert spelled(shell, option) in result.stdout
    for word in ("kernel", "userspace", "true", "false", *SHELLS):
        assert word in result.stdout
    assert not re.search(r"(?<![\w-])list(?![\w-])", result.stdout)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_valid(program, shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed: the script is not checked by it")
    path = tmp_path / "script"
    path.write_text(run(program, "completions", shell).stdout)
    result = subprocess.run([shell, "-n", path], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


# --- who may run what ----------------------------------------------------------------------------------

@pytest.fixture
def as_nobody():
    """Runs a program as a user without rights, from a copy that this user can reach."""
    if os.geteuid() != 0:
        pytest.skip("not root: cannot become another user")
    folder = tempfile.mkdtemp(prefix="innernet-cli-")
    os.chmod(folder, 0o755)

    def call(program, *args):
        copy = shutil.copy(PROGRAMS[program], folder)
        os.chmod(copy, 0o755)
        return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy,
                               *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              cwd="/")
    yield call
    shutil.rmtree(folder)


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["help"], ["help", "serve"], ["serve", "--help"],
                                  ["--version"], ["completions", "bash"]])
def test_help_version_and_completions_are_for_everybody(as_nobody, args):
    result = as_nobody("innernet-server", *args)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == run("innernet-server", *args).stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS["innernet-server"]
                                     if c not in ("completions", "help")])
def test_the_server_wants_root(as_nobody, command, tmp_path):
    interface = [] if command == "new" else ["net"]
    result = as_nobody("innernet-server", f"--config-dir={tmp_path}/c", f"--data-dir={tmp_path}/d",
                       command, *interface)
    assert result.returncode == 1
    assert result.stdout == "" and "root" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_usage_errors_come_before_the_question_of_root(as_nobody):
    assert as_nobody("innernet-server", "serve").returncode == 2
    assert as_nobody("innernet-server", "serve", "net", "--nonsense").returncode == 2


# --- without a terminal ----------------------------------------------------------------------------------

def test_new_without_terminal_says_what_to_give(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("not root: the server refuses everything")
    result = run("innernet-server", f"--config-dir={tmp_path}/c", f"--data-dir={tmp_path}/d", "new",
                 "--network-name", "evilcorp")
    assert result.returncode == 1
    assert "--network-cidr" in result.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_show_is_the_default_and_needs_no_folders(tmp_path):
    folders = [f"--config-dir={tmp_path}/c", f"--data-dir={tmp_path}/d"]
    first, second = run("innernet", *folders), run("innernet", *folders, "show")
    assert first.returncode == 0, first
    assert (first.returncode, first.stdout) == (second.returncode, second.stdout)
    assert not [path for path in pathlib.Path(tmp_path).rglob("*") if path.is_file()]
