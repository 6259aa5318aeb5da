"""Two hosts on this machine: this process's network namespace and another one, joined by a veth pair.

The benchmark runs itself in a namespace of its own first, so nothing of the machine's network is touched. Needs root,
or user namespaces.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks.forwarding.programs import BenchmarkError
from benchmarks.trunk.host_child import VXLAN

NEAR, FAR = "10.79.0.1", "10.79.0.2"
_INSIDE = "GNS3TRIO_BENCH_INSIDE"


def enter_own_network(module: str) -> None:
    """Run this program again in a network namespace of its own, unless it is in one already."""
    if os.environ.get(_INSIDE):
        return
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", *user, "--net", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvpe(command[0], command, {**os.environ, _INSIDE: "1"})


@contextmanager
def two_hosts() -> Iterator[str]:
    """Gives the network namespace of the far host, as a path. Raises BenchmarkError."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()  # it is in its namespace
        _ip("link set lo up")
        _ip(f"link add veth0 type veth peer name veth1 netns {holder.pid}")
        _configure([], "veth0", NEAR, FAR)
        _configure(["nsenter", f"--net=/proc/{holder.pid}/ns/net"], "veth1", FAR, NEAR)
        yield f"/proc/{holder.pid}/ns/net"
    finally:
        with suppress(BrokenPipeError):
            holder.communicate()


def _configure(inside: list[str], interface: str, own: str, other: str) -> None:
    for line in (
        "link set lo up",
        f"addr add {own}/24 dev {interface}",
        f"link set {interface} up",
        f"link add {VXLAN} type vxlan id 42 local {own} remote {other} dstport 4789 dev {interface}",
        f"link set {VXLAN} up",
    ):
        _ip(line, inside)


def _ip(line: str, inside: list[str] | None = None) -> None:
    done = subprocess.run([*(inside or []), "ip", *line.split()], capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(f"ip {line}: {done.stderr.strip()}")
