#!/usr/bin/python3
"""Boots Debian's stock kernel in QEMU, without acceleration, on this machine's own files, and runs
the e2e tests (kernel backend) and the kernel's own cases there. One boot for all.

usage: boot.py --kernel FOLDER --build FOLDER --results FOLDER [pytest argument...]

Prints what the guest prints. Ends with 0 when the guest ran all tests to the end, whatever their
result: report.py tells about each file. Anything else (no boot, no result, timeout) is a failure here.
"""

import argparse
import pathlib
import shlex
import shutil
import subprocess
import sys
import threading

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TESTS = [SOURCE / "tests/kernel", SOURCE / "tests/e2e"]
TIMEOUT_S = 1500

JOB = """\
exec </dev/null >/dev/ttyS1 2>&1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export INNERNET_BUILD={build} INNERNET_TEST_BACKEND=kernel INNERNET_TEST_SLOWNESS=6
export INNERNET_TEST_IN_GUEST=1
hostname guest
ip link set lo up
mkdir -p /lib/modules
ln -sfn {kernel}/lib/modules/$(uname -r) /lib/modules/$(uname -r)
ln -s "$(command -v busybox)" /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
echo "guest: Linux $(uname -r), up after $(cut -d' ' -f1 /proc/uptime) s"
cd /
/usr/bin/python3 -m pytest -p no:cacheprovider -v --color=no --durations=10 \\
  --rootdir={source} --basetemp=/run/pytest --junitxml=/results/junit.xml {arguments}
echo $? >/results/exit
echo "guest: done after $(cut -d' ' -f1 /proc/uptime) s"
busybox poweroff -f
"""


def qemu(kernel, results):
    share = "local,security_model=none,multidevs=remap"
    return [
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35",
        "-cpu", "qemu64,+rdrand", "-smp", "2", "-m", "2048",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-kernel", kernel / "vmlinuz", "-initrd", kernel / "initramfs.gz",
        "-append", "console=ttyS0 quiet panic=-1 systemd.show_status=0",
        "-serial", f"file:{results}/console.log",
        "-chardev", "stdio,id=out,signal=off", "-serial", "chardev:out",
        "-fsdev", f"{share},id=machine,path=/,readonly=on",
        "-device", "virtio-9p-pci,fsdev=machine,mount_tag=machine",
        "-fsdev", f"{share},id=results,path={results}",
        "-device", "virtio-9p-pci,fsdev=results,mount_tag=results",
    ]


def run_guest(command):
    guest = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)
    timer = threading.Timer(TIMEOUT_S, guest.kill)
    timer.start()
    try:
        for line in guest.stdout:
            sys.stdout.write(line.decode(errors="replace").replace("\r", ""))
            sys.stdout.flush()
        return guest.wait()
    finally:
        timer.cancel()
        guest.kill()
        guest.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    options, arguments = parser.parse_known_args()

    results = options.results.resolve()
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    (results / "job").write_text(JOB.format(
        source=shlex.quote(str(SOURCE)), build=shlex.quote(str(options.build.resolve())),
        kernel=shlex.quote(str(options.kernel.resolve())),
        arguments=shlex.join(map(str, arguments or TESTS))))

    code = run_guest(qemu(options.kernel.resolve(), results))
    marker = results / "exit"
    finished = marker.exists() and marker.read_text().strip()
    # 0: all passed, 1: some failed. Anything else: pytest itself did not get to the end.
    if finished in ("0", "1") and (results / "junit.xml").exists():
        print(f"guest: pytest ended with {finished}")
        return 0
    print(f"The guest gave no result (qemu ended with {code}, pytest with {finished or 'nothing'}).")
    console = results / "console.log"
    print(console.read_text(errors="replace") if console.exists() else "It printed nothing.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
