"""install: redeeming an invitation safely (spec/client.md part 2, 9.5, 9.8, 9.20)."""

import re
import subprocess
import tomllib

import pytest

from client_bed import GOLDEN, PEER2_KEY, Bed, hex_key, mode, need_root
from pty_session import ENTER, PtySession


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        b.hosts.write_text("")
        b.invite = tmp_path / "invite.toml"
        b.invite.write_text((GOLDEN / "invitation.toml").read_text())
        b.start_golden_server()
        b.server.answers["POST", "/user/redeem"] = (201, "")
        yield b


def arguments(bed, *args):
    return ("--backend", "userspace", "install", str(bed.invite), "--hosts-path", str(bed.hosts),
            "--no-nat-traversal", *args)


def install(bed, *args):
    return bed.run(*arguments(bed, *args))


def public_key(private_key):
    return subprocess.run(["wg", "pubkey"], input=private_key, text=True, check=True,
                          capture_output=True).stdout.strip()


def files(bed):
    return sorted(p.name for p in bed.config_dir.iterdir()) if bed.config_dir.exists() else []


def test_install(bed):
    result = install(bed, "--default-name", "--delete-invite")
    assert result.returncode == 0, result.stdout
    assert not bed.invite.exists()
    assert files(bed) == ["evilcorp.conf"]
    assert mode(bed.conf) == 0o600 and mode(bed.config_dir) == mode(bed.data_dir) == 0o700
    config = tomllib.loads(bed.conf.read_text())
    invitation = tomllib.loads((GOLDEN / "invitation.toml").read_text())
    private_key = config["interface"]["private-key"]
    assert private_key != invitation["interface"].pop("private-key")
    config["interface"].pop("private-key")
    assert config == invitation
    assert bed.server.bodies("POST", "/user/redeem") == [{"public_key": public_key(private_key)}]
    assert bed.device()["private_key"] == hex_key(private_key)
    assert bed.server.calls() == [("POST", "/user/redeem"), ("GET", "/user/state"),
                                  ("PUT", "/user/candidates")]
    assert set(bed.stored_peers()) == {"innernet-server", "admin", "peer2", "peer3"}
    assert "systemctl enable --now innernet@evilcorp\n" in result.stderr
    assert private_key not in result.stdout + result.stderr


def test_the_new_key_is_on_disk_before_the_server_hears_of_it(bed):
    seen = []

    def look(_handler, _body):
        for path in bed.config_dir.iterdir():
            seen.append((path, path.read_text(), mode(path)))
        return (401, "")
    bed.server.answers["POST", "/user/redeem"] = look
    install(bed, "--default-name")
    [(path, text, bits)] = seen
    assert path != bed.conf and bits == 0o600
    key = tomllib.loads(text)["interface"]["private-key"]
    assert bed.server.bodies("POST", "/user/redeem") == [{"public_key": public_key(key)}]


def test_the_hidden_alias_and_another_name(bed):
    result = bed.run("--backend", "userspace", "redeem", str(bed.invite), "--name", "other",
                     "--no-write-hosts", "--no-nat-traversal", "-d")
    assert result.returncode == 0, result.stdout
    assert files(bed) == ["other.conf"] and bed.has_device("other")
    assert bed.hosts.read_text() == ""


def test_without_a_terminal_the_invitation_is_kept(bed):
    result = install(bed, "--default-name")
    assert result.returncode == 0, result.stdout
    assert bed.invite.exists() and str(bed.invite) in result.stdout


def test_questions(bed):
    with PtySession(bed.command(*arguments(bed)), env=bed.environment(TERM="xterm")) as s:
        s.wait_for(r"Interface name.*evilcorp")
        s.send("Upper_Case" + ENTER)  # asked again: no other command would take it
        s.wait_for("(?i)upper_case")
        s.send("\x7f" * 10 + "typed" + ENTER)
        s.wait_for(r"Delete the invitation file.*\n?.*yes")
        s.send(ENTER)
        assert s.wait_end() == 0
    assert files(bed) == ["typed.conf"] and not bed.invite.exists()


@pytest.mark.parametrize("name", ["Upper_Case", "a.b", "", "../x", "sixteen-letters-"])
def test_names_that_no_other_command_takes(bed, name):
    result = install(bed, "--name", name)
    assert result.returncode == 1 and "[E] interface name" in result.stdout
    assert not bed.config_dir.exists() and bed.server.calls() == []


@pytest.mark.parametrize("status", [400, 401, 410])
def test_a_refused_invitation_is_rolled_back(bed, status):
    bed.server.answers["POST", "/user/redeem"] = (status, "")
    result = install(bed, "--default-name")
    assert result.returncode == 1
    assert result.stdout.count(f"status code {status}") == 2  # at once, and as the last word
    assert not bed.has_device() and files(bed) == []
    assert bed.invite.exists()


def test_an_unknown_outcome_keeps_the_new_key(bed):
    def drop(handler, _body):
        handler.close_connection = True
    bed.server.answers["POST", "/user/redeem"] = drop
    result = install(bed, "--default-name")
    assert result.returncode == 1
    assert not bed.has_device() and not bed.conf.exists()
    [kept] = bed.config_dir.iterdir()
    assert str(kept) in result.stdout and mode(kept) == 0o600
    key = tomllib.loads(kept.read_text())["interface"]["private-key"]
    assert bed.server.bodies("POST", "/user/redeem") == [{"public_key": public_key(key)}]


def test_nobody_listens(bed):
    bed.server.close()
    bed.closing.remove(bed.server)
    result = install(bed, "--default-name")
    assert result.returncode == 1
    assert not bed.has_device() and files(bed) == []


def test_what_exists_is_not_replaced(bed):
    bed.install_golden()
    text = bed.conf.read_text()
    result = install(bed, "--default-name")
    assert result.returncode == 1 and "evilcorp" in result.stdout
    assert bed.conf.read_text() == text and files(bed) == ["evilcorp.conf"]
    bed.conf.unlink()
    bed.scripted_device("listen_port=1\n")
    result = install(bed, "--default-name")
    assert result.returncode == 1 and "innernet down evilcorp" in result.stdout
    assert files(bed) == [] and bed.has_device()  # not ours to delete
    assert bed.server.calls() == []


def test_a_failing_bring_up_leaves_nothing(bed):
    result = bed.run("--backend", "userspace", "--mtu", "999999", "install", str(bed.invite),
                     "--default-name")
    assert result.returncode == 1
    assert not bed.has_device() and files(bed) == []


def test_a_failing_fetch_is_no_failure(bed):
    bed.server.answers["GET", "/user/state"] = (500, "")
    result = install(bed, "--default-name", "-d")
    assert result.returncode == 0
    assert bed.server.calls().count(("GET", "/user/state")) == 3
    assert "status code 500" in result.stdout and "innernet up evilcorp" in result.stdout
    assert bed.conf.exists() and not bed.invite.exists()


def test_the_invitations_listen_port_is_used(bed):
    text = bed.invite.read_text()
    bed.invite.write_text(text.replace("\n[server]", "listen-port = 4242\n\n[server]", 1))
    assert install(bed, "--default-name", "-d").returncode == 0
    assert bed.device()["listen_port"] == "4242"


@pytest.mark.parametrize("text", ["", "no toml", "[interface]\n", "x" * (2 << 20)],
                         ids=["empty", "garbage", "incomplete", "large"])
def test_a_bad_invitation(bed, text):
    bed.invite.write_text(text)
    result = install(bed, "--default-name")
    assert result.returncode == 1 and str(bed.invite) in result.stdout
    assert not bed.config_dir.exists() and bed.server.calls() == []


def test_a_missing_invitation(bed):
    bed.invite.unlink()
    result = install(bed, "--default-name")
    assert result.stdout == f"\n[E] {bed.invite} - No such file or directory (os error 2)\n\n"
    assert result.returncode == 1


def test_peers_are_on_the_device(bed):
    assert install(bed, "--default-name", "-d").returncode == 0
    # The invitation is peer2's, but its new key is not the golden one: to the client, the peer2 of
    # the list is just another peer.
    assert hex_key(PEER2_KEY) in bed.device()["peers"]


def test_the_last_words_name_options_that_exist(bed):
    """9.35"""
    said = install(bed, "--default-name", "-d").stderr
    known = "".join(bed.run(command, "--help").stdout for command in ("up", "install"))
    options = re.findall(r"--[a-z-]+", said)
    assert "--no-write-hosts" in options
    for option in options:
        assert option in known or option in ("--now", "--help"), option
