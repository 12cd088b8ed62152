"""The benchmark runs from end to end and its JSON has the shape that docs/performance.md tells. The
network is so small and the load so short that the figures mean nothing, and none is looked at."""

import json
import os
import pathlib
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

BENCH = pathlib.Path(__file__).with_name("bench.py")
BUILD = os.environ["INNERNET_BUILD"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0,
                                reason="needs root: the benchmark makes network namespaces")

# Among the keys of the figures.
KEYS = {
    "state.10", "state.20", "304.10", "304.20", "poll-cpu.20", "304.flat", "cidrs", "cidrs.mesh", "gzip",
    "wake.20.p99", "wake.20.all", "wake.20.others", "crowd.p99", "crowd.all", "crowd.others",
    "memory.10", "memory.20", "memory.waiting", "storm", "up-full.20", "up-304.20",
    "daemon-304.20", "daemon-change.20", "start.20", "add-peer.300",
}


def run(*options, check=True, temporary="/tmp"):
    done = subprocess.run(["/usr/bin/python3", "-B", str(BENCH), "--build", BUILD, *options],
                          capture_output=True, text=True, timeout=240,
                          env=os.environ | {"TMPDIR": str(temporary)})
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    path = folder / "results.json"
    temporary = folder / "tmp"
    temporary.mkdir()
    done = run("--quick", "--rounds", "1", "--sizes", "10,20", "--json", str(path), temporary=temporary)
    return done.stdout, json.loads(path.read_text()), folder / "results.svg"


def test_every_figure_is_there(whole):
    figures = {f["key"]: f for f in whole[1]["figures"]}
    assert KEYS <= set(figures), sorted(KEYS - set(figures))
    for figure in figures.values():
        assert set(figure) == {"key", "figure", "at", "measured", "unit", "goal", "met", "ratio", "note"}
        assert figure["figure"] and figure["at"], figure
        assert figure["measured"] is not None, figure
        assert (figure["met"] is None) == (figure["goal"] is None)


def test_what_was_measured_is_plausible(whole):
    """Not how fast, but that it was really measured."""
    _, result, _ = whole
    for figure in result["figures"]:
        if figure["key"] not in ("304.flat", "memory.waiting"):
            assert figure["measured"] > 0, figure
    for key in ("state.10", "state.20"):
        detail = result["details"][key]
        assert detail["server"]["rate"] > 0 and detail["ceiling"]["rate"] > 0
        assert len(detail["ratios"]) == result["rounds"] == 1
    for key in ("wake.20", "crowd"):
        for told in result["details"][key]["waiting"]:
            assert told["n"] == told["gzip"] == 20 and told["status"] == {"200": 20}
    assert result["sizes"] == [10, 20]
    assert result["machine"]["cores"] == os.cpu_count()
    assert set(result["machine"]) == {"cores", "cpu", "memory_gb", "kernel", "architecture", "compiler",
                                      "date"}
    assert [n for n, _ in result["series"]["state, requests/s"]] == [10, 20]


def test_the_table_has_every_figure(whole):
    printed, result, _ = whole
    for figure in result["figures"]:
        assert f"{figure['figure']}  " in printed


def test_the_plot_is_drawn(whole):
    tree = xml.etree.ElementTree.parse(whole[2])
    assert tree.getroot().tag.endswith("svg")
    assert "innernet-server, full body" in "".join(tree.getroot().itertext())


def test_unknown_groups_are_refused(whole):
    done = run("--only", "nonsense", check=False)
    assert done.returncode == 2 and "nonsense" in done.stderr


def test_nothing_stays_behind(whole):
    assert list((whole[2].parent / "tmp").iterdir()) == []


def test_an_interrupted_run_leaves_nothing(tmp_path):
    """As after Ctrl-C, in the middle of a load: no folder, and no process in the namespaces."""
    begun = subprocess.Popen(
        ["/usr/bin/python3", "-B", str(BENCH), "--build", BUILD, "--only", "state", "--sizes", "10",
         "--json", str(tmp_path / "out" / "r.json")], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)}, start_new_session=True)
    with begun:
        wait_for(lambda: processes_with(str(tmp_path), "ceiling"), "a ceiling under load")
        os.killpg(begun.pid, signal.SIGINT)
        assert begun.wait(20) == 130
    wait_for(lambda: not processes_with(str(tmp_path)), "end of all processes")
    assert list(tmp_path.iterdir()) == []


def processes_with(*words):
    """Process ids whose command line holds all the words."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if all(word in line for word in words):
            found.append(path.parent.name)
    return found


def wait_for(condition, what, deadline_s=30):
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)
