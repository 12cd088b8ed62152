import os
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "lib"),
                str(pathlib.Path(__file__).resolve().parent)]

from pytest_hosts import *  # noqa: E402,F401,F403

import pytest  # noqa: E402


def pytest_collection_modifyitems(items):
    if not os.environ.get("INNERNET_TEST_IN_GUEST"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="runs in the guest that boot.py starts"))
