"""The unit tests of the device layer, whose cases for the kernel's WireGuard need a kernel that has it."""

import os
import subprocess


def test_device_layer():
    program = os.environ["INNERNET_BUILD"] + "/tests/unit/unit_common_test_wg_device"
    done = subprocess.run([program], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT RUN on the kernel" not in done.stderr
