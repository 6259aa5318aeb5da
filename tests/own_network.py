"""Runs tests that need privileges over networks in a network namespace of their own, where they harm nothing.

On a machine that grants nobody such a namespace, or no TAP device in it, a cloud must say what is missing: that is
asserted there.
"""

import subprocess
import sys
from pathlib import Path

# As a user a namespace of users gives the privileges; root may do without where those are not allowed.
WAYS = (["unshare", "-Urn"], ["unshare", "-n"])
REFUSALS = ("CAP_NET_RAW", "CAP_NET_ADMIN", "/dev/net/tun")
PATIENCE = 300

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
    command = [*way, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert result.returncode == 0, result.stdout + result.stderr
