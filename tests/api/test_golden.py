"""The reference implementation's files, opened and served in place, give the reference
implementation's answers byte by byte (tests/data/golden)."""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from bed import Bed, wait_for
from network import Network, make_template
from rows import V4

GOLDEN = os.path.join(os.environ.get("TEST_DATA", "../data"), "golden")
ADMIN, PEER2 = "10.66.1.1", "10.66.2.1"


def read(name):
    with open(os.path.join(GOLDEN, name), encoding="utf-8") as f:
        return f.read()


def parse_api():
    """(method, target, body, status line, [(name, value)], body of the answer)"""
    exchanges = []
    for block in read("api.txt").split(">>> ")[1:]:
        request, answer = block.split("\n<<<\n")
        line, _, body = request.partition("\n")
        head, _, rest = answer.partition("\n\n")
        status, *headers = head.split("\n")
        headers = [tuple(h.split(": ", 1)) for h in headers]
        length = int(dict(headers).get("content-length", 0))
        assert rest[length:].strip() == ""
        exchanges.append((*line.split(" "), body, status, headers, rest[:length]))
    return exchanges


EXCHANGES = parse_api()
# The last two were asked by a peer who is no admin.
ASKED_BY = [ADMIN] * (len(EXCHANGES) - 2) + [PEER2] * 2


@pytest.fixture(scope="module")
def evilcorp():
    """The machine of the golden data: the server's outer address is 172.31.1.1."""
    bed = Bed("evilcorp", os.environ["WG_STANDIN"])
    bed.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0-far"])
    bed.run(["ip", "addr", "add", "172.31.1.1/24", "dev", "eth0"])
    for link in ("eth0-far", "eth0"):
        bed.run(["ip", "link", "set", link, "up"])
    yield bed
    bed.close()


@pytest.fixture
def golden(evilcorp, folder):
    net = Network(evilcorp, os.environ["INNERNET_SERVER_BIN"], folder,
                  [f"{ip}/16" for ip in (ADMIN, PEER2, "10.66.2.2")])
    shutil.copyfile(os.path.join(GOLDEN, "server.conf"), net.config_path)
    shutil.copyfile(os.path.join(GOLDEN, "server.db"), net.db_path)
    os.chmod(net.config_path, 0o600)
    net.forget_peers()
    yield net
    assert net.stop() in (None, 0), net.log()


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def observe(net):
    net.start()
    net.observe({"admin": "172.31.1.2:39524", "peer2": "172.31.1.3:45904",
                 "peer3": "172.31.1.4:49571"})
    net.restart()


def comparable(headers):
    """Names have no case, the date is another day's; ETag and Vary come with state answers as a
    header of our own that stock clients ignore."""
    return sorted((k.lower(), v) for k, v in headers
                  if k.lower() not in ("date", "etag", "vary"))


def test_api_txt_exchange_by_exchange(golden):
    observe(golden)
    for who, (method, target, body, status, headers, answer_body) in zip(ASKED_BY, EXCHANGES):
        answer = golden.request(method, target, body.encode() or None, who)
        what = f"{method} {target} {body}"
        assert f"{answer.version} {answer.status} {answer.reason}" == status, what
        assert comparable(answer.headers) == comparable(headers), what
        assert answer.body.decode() == answer_body, what


def test_reading_changes_nothing_in_the_file(golden):
    """Served, asked and stopped: the same bytes."""
    before = digest(golden.db_path), digest(golden.config_path)
    observe(golden)
    for target in ("/v1/user/state", "/v1/user/capabilities", "/v1/admin/peers", "/v1/admin/cidrs",
                   "/v1/admin/associations"):
        assert golden.get(target, ADMIN).status == 200
    assert golden.stop() == 0
    assert (digest(golden.db_path), digest(golden.config_path)) == before


def test_the_database_is_the_sql_text(golden):
    """The two golden files say the same, and still do after being served."""
    golden.start()
    assert golden.stop() == 0
    with closing(sqlite3.connect(":memory:")) as text, closing(sqlite3.connect(golden.db_path)) as db:
        text.executescript(read("server.db.sql"))
        for table in ("peers", "cidrs", "associations"):
            statement = f"SELECT * FROM {table} ORDER BY id"
            assert db.execute(statement).fetchall() == text.execute(statement).fetchall()


def test_server_hosts(golden):
    """5.4, written into an empty file at once."""
    golden.start(write_hosts=True)
    wait_for(lambda: os.path.exists(golden.hosts_path) and os.path.getsize(golden.hosts_path),
             "hosts file")
    with open(golden.hosts_path, encoding="utf-8") as f:
        assert f.read() == read("server-hosts")


def test_D12_an_open_database_is_tightened(golden):
    os.chmod(golden.db_path, 0o644)
    golden.start()
    assert os.stat(golden.db_path).st_mode & 0o777 == 0o600


# --- what our `new` makes, against the same file --------------------------------------------------

def shape(path):
    """What programs can tell about a schema; comments and blanks in its text are free."""
    with closing(sqlite3.connect(path)) as db:
        def pragma(name, table):
            return db.execute(f"PRAGMA {name}({table})").fetchall()
        tables = [r[0] for r in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        others = db.execute("SELECT type, name FROM sqlite_schema WHERE type <> 'table' "
                            "AND name NOT LIKE 'sqlite_autoindex%'").fetchall()
        result = {"tables": tables, "others": others,
                  "version": db.execute("PRAGMA user_version").fetchone(),
                  "encoding": db.execute("PRAGMA encoding").fetchone(),
                  "journal": db.execute("PRAGMA journal_mode").fetchone()}
        for table in tables:
            result[table] = (
                pragma("table_info", table),
                sorted((r[2:] for r in pragma("foreign_key_list", table)), key=str),
                sorted((r[2], r[3], [i[2] for i in pragma("index_info", r[1])])
                       for r in pragma("index_list", table)))
        return result


def test_a_new_database_has_the_same_shape(evilcorp, folder):
    made = make_template(evilcorp, os.environ["INNERNET_SERVER_BIN"], V4, folder)
    assert shape(made.db_path) == shape(os.path.join(GOLDEN, "server.db"))


def test_sqlite_finds_nothing_to_complain(golden):
    observe(golden)
    for who, (method, target, body, *_) in zip(ASKED_BY, EXCHANGES):
        golden.request(method, target, body.encode() or None, who)
    assert golden.stop() == 0
    assert golden.sql("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert golden.sql("PRAGMA foreign_key_check") == []
    assert sorted(os.listdir(golden.folder)) == ["evilcorp.conf", "evilcorp.db", "log"]


def test_an_invitation_is_the_golden_one_but_for_its_values(golden):
    """1.4: same keys, same order, same blank line, after comments of our own."""
    path = os.path.join(golden.folder, "invitation.toml")
    made = golden.cli("add-peer", "evilcorp", "--name", "late", "--cidr", "robots", "--ip",
                      "10.66.2.9", "--admin", "false", "--invite-expires", "1d", "--save-config",
                      path, "--yes")
    assert made.returncode == 0, made
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    assert lines[0].startswith("#")
    ours, golden_lines = ([line for line in text if not line.startswith("#")]
                          for text in (lines, read("invitation.toml").split("\n")))
    assert [line.split(" = ")[0] for line in ours] == \
        [line.split(" = ")[0] for line in golden_lines]
    same = ("network-name", "public-key", "external-endpoint", "internal-endpoint")
    values, golden_values = (dict(line.split(" = ") for line in text if " = " in line)
                             for text in (ours, golden_lines))
    assert {k: values[k] for k in same} == {k: golden_values[k] for k in same}
    assert values["address"] == '"10.66.2.9/16"'
