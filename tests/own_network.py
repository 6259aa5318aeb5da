"""Runs tests that need privileges over networks in a network namespace of their own, where they harm nothing.

On a machine that grants nobody such a namespace, or no TAP device in it, a cloud must say what is missing: that is
asserted there.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

# As a user a namespace of users gives the privileges; root may do without where those are not allowed.
WAYS = (["unshare", "-Urn"], ["unshare", "-n"])
REFUSALS = ("CAP_NET_RAW", "CAP_NET_ADMIN", "/dev/net/tun")
PATIENCE = 300
ROOT = Path(__file__).parents[1]

PROBE = """
import sys
from gns3trio.compute.local.devices import open_device
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Port
class NoForwarder:
    def open_interface(self, descriptor, kind):
        return Port(None, 0)
try:
    for kind, interface in (("ethernet", "lo"), ("tap", "labtap")):
        open_device(NoForwarder(), kind, interface)
except Conflict as error:
    sys.exit(str(error))
"""


def probe(*way: str) -> subprocess.CompletedProcess[str]:
    """Whether devices can be opened; what is missing is in ``stderr``."""
    return subprocess.run([*way, sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)


def run_tests(file: Path) -> None:
    """Run a file of tests in a network of its own."""
    way = next((way for way in WAYS if probe(*way).returncode == 0), None)
    if way is None:
        here = probe()
        assert here.returncode == 0 or any(refusal in here.stderr for refusal in REFUSALS), here.stderr
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        tests = ["pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder}/tmp", str(file)]
        code, said = _run_alone([*way, sys.executable, "-m", *tests])
    assert code == 0, said


def _run_alone(command: list[str]) -> tuple[int, str]:
    """Run a command, of which no process is left in the end, even if this one is killed. Returns its exit code and
    output.
    """
    input_end, our_end = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.reaper", *command],
        stdin=input_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    ) as process:
        os.close(input_end)
        said = None
        with open(our_end, "wb"), suppress(subprocess.TimeoutExpired):  # when this is closed, all is killed
            said, _ = process.communicate(timeout=PATIENCE)
        if said is None:
            said = process.communicate()[0] + f"\nwas killed after {PATIENCE} s"
    return process.returncode, said
