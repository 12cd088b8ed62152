"""The systemd units say what spec/client.md 1.7 and spec/server.md 1.6 say."""

import os
import pathlib
import shutil
import subprocess

import pytest

UNITS = pathlib.Path(os.environ["UNITS"])
BINDIR = os.environ["BINDIR"]
ONLINE = "network-online.target nss-lookup.target"

EXPECTED = {
    "innernet@.service": {
        ("Unit", "After", ONLINE), ("Unit", "Wants", ONLINE), ("Unit", "PartOf", "innernet.target"),
        ("Service", "Type", "simple"),
        ("Service", "ExecStart", f"{BINDIR}/innernet up %i --daemon --interval 60"),
        ("Service", "Restart", "always"), ("Service", "RestartSec", "10"),
        ("Install", "WantedBy", "multi-user.target")},
    "innernet-server@.service": {
        ("Unit", "After", ONLINE), ("Unit", "Wants", ONLINE),
        ("Service", "Type", "notify"), ("Service", "Environment", "RUST_LOG=info"),
        ("Service", "ExecStart", f"{BINDIR}/innernet-server serve %i"),
        ("Service", "Restart", "always"), ("Service", "RestartSec", "1"),
        ("Install", "WantedBy", "multi-user.target")},
    "innernet.target": set(),
}


def entries(path):
    section, found = None, set()
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.add((section, key, value))
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_unit_content(name):
    found = entries(UNITS / name)
    descriptions = {entry for entry in found if entry[1] == "Description"}
    assert len(descriptions) == 1
    assert found - descriptions == EXPECTED[name]
    if "@" in name:
        assert "%I" in descriptions.pop()[2]


def test_systemd_accepts_the_units(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed: units are not verified by systemd")
    for name in EXPECTED:
        # systemd wants to see the program that a unit starts.
        text = (UNITS / name).read_text()
        text = text.replace(f"{BINDIR}/innernet-server ", os.environ["INNERNET_SERVER"] + " ")
        text = text.replace(f"{BINDIR}/innernet ", os.environ["INNERNET"] + " ")
        (tmp_path / name).write_text(text)
    result = subprocess.run(["systemd-analyze", "verify", "--man=no",
                             *(tmp_path / name for name in EXPECTED)],
                            capture_output=True, text=True,
                            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"})
    ours = [line for line in result.stderr.splitlines() if "innernet" in line]
    assert (result.returncode, ours) == (0, [])
