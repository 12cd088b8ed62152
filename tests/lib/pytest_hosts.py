"""pytest plugin for tests on hosts: `world` fixtures, logs of every host on failure, steps."""

import re

import pytest

import innernet
from hosts import World

_worlds = {}


@pytest.fixture(scope="module")
def world(request, tmp_path_factory):
    """Hosts shared by the tests of one module."""
    yield from _world(request, tmp_path_factory)


@pytest.fixture
def own_world(request, tmp_path_factory):
    """Hosts of one test."""
    yield from _world(request, tmp_path_factory)


def _world(request, tmp_path_factory):
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    world = World(tmp_path_factory.mktemp(name))
    _worlds[request.node.nodeid] = world
    try:
        yield world
        reports = innernet.sanitizer_reports(world)
    finally:
        world.close()
        del _worlds[request.node.nodeid]
    assert not reports, "sanitizers found:\n" + "\n".join(reports)


def _add_logs(report, world):
    # In the text of the failure itself, so that the XML report has it too.
    add = getattr(report.longrepr, "addsection", None)
    for title, text in world.logs():
        if add:
            add(title, text)
        else:
            report.sections.append((title, text))


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for nodeid, world in _worlds.items():
            if item.nodeid.startswith(nodeid):
                _add_logs(report, world)
        if call.when != "teardown" and item.get_closest_marker("steps"):
            item.parent.failed_step = item.name


def pytest_runtest_setup(item):
    failed = getattr(item.parent, "failed_step", None)
    if failed and item.get_closest_marker("steps"):
        pytest.fail(f"not tried: it builds on {failed}, which failed", pytrace=False)


def pytest_configure(config):
    config.addinivalue_line("markers", "steps: each test builds on the ones before it")
