"""Fixtures of the API suite. The programs come by environment (CMakeLists.txt):
INNERNET_SERVER_BIN and WG_STANDIN."""

import os
import shutil
import tempfile

import pytest

import rows
from bed import Bed
from network import copy_network, make_template

SKIP = 77


def pytest_configure(config):
    config.addinivalue_line("markers", "only(version): the case exists in one family only")
    if os.geteuid() != 0:
        pytest.exit("SKIPPED: the API suite makes network namespaces and needs root", SKIP)
    for name in ("INNERNET_SERVER_BIN", "WG_STANDIN"):
        if not os.access(os.environ.get(name, ""), os.X_OK):
            pytest.exit(f"{name} must name a program", 2)


def pytest_collection_modifyitems(config, items):
    """Cases of one family only are not there in the other."""
    def is_there(item):
        only, call = item.get_closest_marker("only"), getattr(item, "callspec", None)
        return not (only and call and call.params["fx"].version != only.args[0])
    config.hook.pytest_deselected(items=[i for i in items if not is_there(i)])
    items[:] = [i for i in items if is_there(i)]


@pytest.fixture(scope="session")
def server_bin():
    return os.environ["INNERNET_SERVER_BIN"]


@pytest.fixture(scope="session")
def scratch():
    """Not below a home folder and with a short path."""
    folder = tempfile.mkdtemp(prefix="innernet-api-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session", params=[rows.V4, rows.V6], ids=str)
def fx(request):
    """The fixture of 8.1."""
    return request.param


class Stage:
    """Namespaces and template of one family; at most one server runs on it."""

    def __init__(self, fixture, server_bin, scratch):
        self.fixture = fixture
        self.scratch = scratch
        self.bed = Bed("test", os.environ["WG_STANDIN"])
        self.template = make_template(self.bed, server_bin, fixture, self.folder())
        self.current = None

    def folder(self):
        return tempfile.mkdtemp(dir=self.scratch)

    def fresh(self):
        """A network of 8.1 on a device without peers; not started."""
        self.leave()
        self.current = copy_network(self.template, self.folder(), self.fixture.addresses)
        self.current.steady = False
        self.current.forget_peers()
        return self.current

    def steady(self):
        """A running one that is shared by tests which leave nothing behind."""
        if self.current is None or not self.current.steady or not self.current.is_running():
            self.fresh().start()
            self.current.steady = True
        return self.current

    def leave(self):
        """Ends what runs. A server that stopped by itself or ends badly (a sanitizer's finding,
        say) is a failure of the test that used it last."""
        if self.current is None:
            return
        net, self.current = self.current, None
        code = net.stop()
        print(f"--- server log ---\n{net.log()}")
        assert code in (None, 0), f"the server ended with {code}"


@pytest.fixture(scope="session")
def stage(fx, server_bin, scratch):
    stage = Stage(fx, server_bin, scratch)
    yield stage
    try:
        stage.leave()
    finally:
        stage.bed.close()


@pytest.fixture
def idle(stage):
    """Files of a network of 8.1 and an empty device; the test starts the server."""
    yield stage.fresh()
    stage.leave()


@pytest.fixture
def net(idle):
    """A running network of 8.1 for one test."""
    idle.start()
    return idle


@pytest.fixture
def steady(stage):
    """A running network of 8.1 for tables of requests that change nothing, or the same thing."""
    yield stage.steady()
    print(f"--- server log, last lines ---\n{stage.current.log()[-3000:]}")
    assert stage.current.is_running(), "the server died"


@pytest.fixture
def folder(scratch):
    return tempfile.mkdtemp(dir=scratch)
