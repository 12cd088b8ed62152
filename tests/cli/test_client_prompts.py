"""Every flow of questions of the client on a terminal (spec/client.md 6.2-6.5): order, answers, the
final question, and what becomes of it without a terminal.

spec/client.md part 10, additional cases: "declined confirmations; missing terminal".
"""

import json
import subprocess

import pytest

from client_bed import Bed, golden_api, need_root
from pty_session import DOWN, ENTER, PtySession

PEERS = json.loads(golden_api("GET", "/v1/admin/peers"))
YES = "y" + ENTER


@pytest.fixture
def bed(tmp_path):
    need_root()
    with Bed(tmp_path) as b:
        b.install_golden()
        text = b.conf.read_text()
        b.conf.write_text(text.replace("\n[server]", "listen-port = 4242\n\n[server]", 1))
        server = b.start_golden_server()
        cidrs = json.loads(golden_api("GET", "/v1/admin/cidrs"))
        server.answers["GET", "/admin/cidrs"] = json.dumps(
            [*cidrs, {"id": 9, "name": "empty", "cidr": "10.66.9.0/24", "parent": 1}])
        server.answers["GET", "/admin/peers"] = json.dumps(
            [*PEERS[:3], {**PEERS[3], "is_disabled": True}])
        for path in ("cidrs", "peers"):
            server.answers["POST", f"/admin/{path}"] = lambda _handler, body: (
                201, json.dumps({"id": 77, **json.loads(body)}))
        server.answers["POST", "/admin/associations"] = (201, "")
        for call in [("PUT", "/admin/cidrs/4"), ("DELETE", "/admin/cidrs/9"),
                     ("PUT", "/admin/peers/2"), ("PUT", "/admin/peers/3"),
                     ("PUT", "/admin/peers/4"), ("DELETE", "/admin/associations/1"),
                     ("PUT", "/user/endpoint")]:
            server.answers[call] = (204, "")
        yield b


class Flow:
    """`questions` are (what is on the screen, the keys that answer); `final` is the question that is
    confirmed; `writes` are the calls that a yes leads to, or None where a file shows it; `code` is
    the exit code of a no."""

    def __init__(self, command, args, questions, final, writes, option, code=0):
        self.command, self.args, self.questions = command, args, questions
        self.final, self.writes, self.option, self.code = final, writes, option, code

    def __str__(self):
        return "-".join([self.command, *self.args])

    def arguments(self):
        return [self.command, "evilcorp", *self.args]


FLOWS = [
    Flow("add-cidr", [], [(r"Parent CIDR(.|\n)*❯ evilcorp \(10\.66\.0\.0/16\)", ENTER),
                          (r"\? Name", "Bad Name" + ENTER), (r"✘(.|\n)*\? Name", "\x7f" * 8 + "ci" + ENTER),
                          (r"\? CIDR", "10.66.7.0/24" + ENTER)],
         r'Create CIDR "ci"\?.*no', [("POST", "/admin/cidrs")], "--parent"),
    Flow("rename-cidr", [], [(r"CIDR to rename(.|\n)*❯ evilcorp", DOWN * 3 + ENTER),
                             (r"\? New Name", "Any text" + ENTER)],
         r"Rename CIDR robots to Any text\?.*no", [("PUT", "/admin/cidrs/4")], "--name"),
    Flow("delete-cidr", [], [(r"Delete CIDR(.|\n)*❯ empty \(10\.66\.9\.0/24\)", ENTER)],
         r'Delete CIDR "empty"\?.*no', [("DELETE", "/admin/cidrs/9")], "--name", code=1),
    Flow("add-peer", [], [(r"Eligible CIDRs for peer(.|\n)*❯ humans", DOWN + ENTER),
                          (r"\? IP \(10\.66\.2\.3\)", ENTER), (r"\? Name", "typed" + ENTER),
                          (r"Make typed an admin\?.*no", YES),
                          (r"Invite expires after \(14d\)", "1.5h" + ENTER),
                          (r"✘(.|\n)*\? Invite expires", "\x7f" * 4 + "30m" + ENTER),
                          (r"Save peer invitation file to \(typed\.toml\)", "{dir}/typed.toml" + ENTER)],
         r"Create peer typed\?.*no", [("POST", "/admin/peers")], "--cidr"),
    Flow("rename-peer", [], [(r"Peer to rename(.|\n)*❯ admin", DOWN + ENTER),
                             (r"\? New Name", "newname" + ENTER)],
         r"Rename peer peer2 to newname\?.*no", [("PUT", "/admin/peers/3")], "--name"),
    Flow("enable-peer", [], [(r"Peer to enable(.|\n)*❯ peer3 \(10\.66\.2\.2\)", ENTER)],
         r"Enable peer peer3\?.*no", [("PUT", "/admin/peers/4")], "--name"),
    Flow("disable-peer", [],
         [(r"Peer to disable(.|\n)*❯ innernet-server \(10\.66\.0\.1\)", DOWN + ENTER)],
         r"Disable peer admin\?.*no", [("PUT", "/admin/peers/2")], "--name"),
    Flow("add-association", [], [(r"First CIDR(.|\n)*❯ evilcorp", DOWN + ENTER),
                                 (r"Second CIDR(.|\n)*❯ evilcorp", DOWN * 2 + ENTER)],
         r"Associate CIDRs humans and robots\?.*no", [("POST", "/admin/associations")], "CIDR1"),
    Flow("add-association", ["humans"], [(r"Second CIDR(.|\n)*❯ evilcorp", DOWN * 2 + ENTER)],
         r"Associate CIDRs humans and robots\?.*no", [("POST", "/admin/associations")], "CIDR2"),
    Flow("delete-association", [], [(r"Association(.|\n)*❯ 1: humans <=> robots", ENTER)],
         r"Delete association #1\?.*no", [("DELETE", "/admin/associations/1")], "CIDR1"),
    Flow("delete-association", ["robots", "humans"], [],
         r"Delete association #1\?.*no", [("DELETE", "/admin/associations/1")], "--yes"),
    Flow("delete-association", ["humans"], [(r"Association(.|\n)*❯ 1: humans <=> robots", ENTER)],
         r"Delete association #1\?.*no", [("DELETE", "/admin/associations/1")], "CIDR1"),
    Flow("set-listen-port", [], [(r"Listen port \(4242\)", "65536" + ENTER),
                                 (r"✘(.|\n)*\? Listen port", "\x7f" * 5 + "777" + ENTER)],
         r"Set listen port to 777\?.*no", None, "--listen-port"),
    Flow("set-listen-port", ["-u"], [], r"Unset listen port\?.*no", None, "--yes"),
    Flow("override-endpoint", [], [(r"all-zero address.*\(y/n\)", YES),
                                   (r"External endpoint › 0\.0\.0\.0:4242", ENTER)],
         r"Set external endpoint to 0\.0\.0\.0:4242\?.*no", [("PUT", "/user/endpoint")],
         "--endpoint"),
    Flow("override-endpoint", ["-u"], [], r"Unset the external endpoint.*no",
         [("PUT", "/user/endpoint")], "--yes"),
    Flow("override-peer-endpoint", [], [(r"Peer endpoint to override(.|\n)*❯ admin",
                                         DOWN * 2 + ENTER),
                                        (r"\? Endpoint", "no port" + ENTER),
                                        (r"✘(.|\n)*\? Endpoint", "\x7f" * 7 + "1.2.3.4:5" + ENTER)],
         r"endpoint of peer peer3 \(10\.66\.2\.2\) with 1\.2\.3\.4:5\?.*no", None, "--name"),
    Flow("override-peer-endpoint", ["-u"],
         [(r"Peer endpoint override to unset(.|\n)*❯ peer2", ENTER)],
         r"override of peer peer2 \(10\.66\.2\.1\)\?.*no", None, "--name"),
    Flow("uninstall", [], [], r"delete network evilcorp\?.*no", None, "--yes"),
]
ALL = pytest.mark.parametrize("flow", FLOWS, ids=str)


def files(bed):
    return {p.name: p.read_text() for folder in (bed.config_dir, bed.data_dir)
            for p in folder.iterdir() if p.suffix in (".conf", ".json")}


def writes(bed):
    return [call for call in bed.server.calls() if call[0] != "GET"]


def answer(bed, flow, keys):
    work = bed.dir / "work"
    work.mkdir()
    command = bed.command("--backend", "userspace", *flow.arguments())
    if flow.command == "uninstall":
        command.append("--no-write-hosts")
    with PtySession(command, env=bed.environment(TERM="xterm", NO_COLOR="1"), columns=160) as s:
        for pattern, reply in flow.questions:
            s.wait_for(pattern)
            s.send(reply.replace("{dir}", str(work)))
        s.wait_for(flow.final)
        s.send(keys)
        code = s.wait_end()
        assert s.is_restored()
        return code, s.output(), sorted(p.name for p in work.iterdir())


@ALL
def test_every_flow_asks_in_order_and_does_it(bed, flow):
    before = files(bed)
    code, _, made = answer(bed, flow, YES)
    assert code == 0
    if flow.writes is None:
        assert files(bed) != before and writes(bed) == []
    else:
        assert writes(bed) == flow.writes and files(bed) == before
    assert made == (["typed.toml"] if flow.command == "add-peer" else [])


@ALL
def test_CX45_declined_confirmations(bed, flow):
    before = files(bed)
    code, output, made = answer(bed, flow, ENTER)  # no is the default
    assert code == flow.code
    assert ("[E] Canceled" if flow.code else "[*] Declined") in output
    assert writes(bed) == [] and files(bed) == before and made == []


@ALL
def test_CX46_missing_terminal(bed, flow):
    """The error names the option that would have answered, and nothing has happened."""
    before = files(bed)
    result = bed.run(*flow.arguments())
    assert result.returncode == 1
    message = result.stdout.rsplit("[E] ", 1)[1]
    assert flow.option in message and "terminal" in message, message
    assert writes(bed) == [] and files(bed) == before


STDIN_OPTIONAL = {"uninstall", "set-listen-port"}


@pytest.mark.parametrize("flow", [f for f in FLOWS if f.command not in STDIN_OPTIONAL and
                                  f.command != "override-endpoint"], ids=str)
def test_CX46_stdin_is_no_terminal(bed, flow):
    """Most questions want stdin to be one, even when there is a terminal to draw on."""
    with PtySession(bed.command(*flow.arguments()), env=bed.environment(TERM="xterm"), columns=160,
                    stdin=subprocess.DEVNULL) as s:
        assert s.wait_end() == 1
        assert flow.option in s.output()
    assert writes(bed) == []


@pytest.mark.parametrize("command, question", [
    (["uninstall", "evilcorp", "--no-write-hosts"], "delete network evilcorp"),
    (["set-listen-port", "evilcorp", "-l", "777"], "Set listen port to 777"),
    (["override-endpoint", "evilcorp"], "all-zero address"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_CX46_some_questions_take_the_terminal_whatever_stdin_is(bed, command, question):
    with PtySession(bed.command(*command), env=bed.environment(TERM="xterm"), columns=160,
                    stdin=subprocess.DEVNULL) as s:
        s.wait_for(question)
        s.send("n" + ENTER)
        if command[0] == "override-endpoint":
            s.wait_for("9.9.9.9")
            s.send("n" + ENTER)
            assert s.wait_end() == 1  # the endpoint itself wants stdin
        else:
            assert s.wait_end() == 0


def test_override_endpoint_by_hand(bed):
    """6.5: neither the all-zero address nor a query: an empty line to type on."""
    with PtySession(bed.command("override-endpoint", "evilcorp"), columns=160,
                    env=bed.environment(TERM="xterm", NO_COLOR="1")) as s:
        s.wait_for("all-zero address.*y/n")
        s.send("n" + ENTER)
        s.wait_for(r"9\.9\.9\.9.*y/n")
        s.send("n" + ENTER)
        s.wait_for("External endpoint ›$")
        s.send("Example.COM:080" + ENTER)
        s.wait_for("Set external endpoint to example.com:80")
        s.send(YES)
        assert s.wait_end() == 0
    assert bed.server.bodies("PUT", "/user/endpoint") == [
        {"option": "Set", "content": "example.com:80"}]


def test_override_endpoint_asks_an_old_server_nothing_it_does_not_know(bed):
    bed.server.answers["GET", "/user/capabilities"] = (404, "")
    with PtySession(bed.command("override-endpoint", "evilcorp"), columns=160,
                    env=bed.environment(TERM="xterm", NO_COLOR="1")) as s:
        s.wait_for(r"9\.9\.9\.9.*y/n")
        assert "all-zero" not in s.screen.text()
        s.send(YES)  # nobody answers in this namespace
        s.wait_for("External endpoint ›$")
        s.send("1.2.3.4:5" + ENTER)
        s.wait_for("Set external endpoint to 1.2.3.4:5")
        s.send(YES)
        assert s.wait_end() == 0
