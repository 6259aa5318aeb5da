"""The ways between two hosts that are compared. Each host is a network namespace, as that of a container is."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import attrs

from benchmarks.forwarding.forwarders import read_threads
from benchmarks.forwarding.machine import thread_cpu_ns, threads_of
from benchmarks.forwarding.programs import BenchmarkError, Program, compiled
from benchmarks.forwarding.ubridge import LOOPBACK, free_ports, running_ubridge

NEAR, FAR = "10.80.0.1", "10.80.0.2"
# The interfaces of the hosts.
NEAR_NAME, FAR_NAME = "near0", "far0"
CORE = "benchmarks.trains.core_child"
SOURCES = Path(__file__).parent


@attrs.frozen
class Hosts:
    """The namespaces of both hosts, as paths, and the CPU time so far of the threads that forward between them."""

    near: str
    far: str
    forwarder_ns: Callable[[], int]


Way = Callable[[], AbstractContextManager[Hosts]]


def ways(ubridge: Path | None) -> dict[str, Way]:
    """By name; the last one is GNS3's, or what stands in for it."""
    gns3 = {"ubridge": partial(_link, partial(_ubridge, ubridge))} if ubridge else {"stand-in": partial(_link, _relays)}
    return {"ours": partial(_link, _core), "veth": partial(_link, _veth), **gns3}


def run_ip(line: str) -> None:
    """Run a command of ip(8). Raises BenchmarkError."""
    done = subprocess.run(["ip", *line.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"ip {line}: {done.stderr.strip()}")


@contextmanager
def _namespace() -> Iterator[int]:
    """The process id of the only process in a network namespace of its own."""
    command = ["unshare", "--net", "sh", "-c", "echo; cat"]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()  # it is in its namespace
        yield holder.pid
    finally:
        with suppress(BrokenPipeError):
            holder.communicate()


# Makes the interfaces of both hosts; gives the CPU time so far of what is between them.
_Maker = Callable[[ExitStack], Callable[[], int]]


@contextmanager
def _link(make: _Maker) -> Iterator[Hosts]:
    with _namespace() as near, _namespace() as far, ExitStack() as stack:
        forwarder_ns = make(stack)
        for pid, name, address in ((near, NEAR_NAME, NEAR), (far, FAR_NAME, FAR)):
            run_ip(f"link set {name} netns {pid}")
            inside = ["nsenter", f"--net=/proc/{pid}/ns/net", "ip"]
            for line in (f"addr add {address}/24 dev {name}", f"link set {name} up", "link set lo up"):
                subprocess.run([*inside, *line.split()], check=True)
        yield Hosts(f"/proc/{near}/ns/net", f"/proc/{far}/ns/net", forwarder_ns)


def _veth(stack: ExitStack) -> Callable[[], int]:
    run_ip(f"link add {NEAR_NAME} type veth peer name {FAR_NAME}")
    return lambda: 0


def _core(stack: ExitStack) -> Callable[[], int]:
    core = stack.enter_context(Program.python(CORE, NEAR_NAME, FAR_NAME))
    threads = read_threads(core)
    return lambda: thread_cpu_ns(core.pid, threads)


def _all_threads_ns(pids: list[int]) -> int:
    return sum(thread_cpu_ns(pid, threads_of(pid)) for pid in pids)


def _relays(stack: ExitStack) -> Callable[[], int]:
    ports, binary, pids = free_ports(2), compiled("relay", SOURCES), []
    for name, (own, remote) in zip((NEAR_NAME, FAR_NAME), (ports, ports[::-1]), strict=True):
        relay = stack.enter_context(Program(binary, name, own, remote))
        if relay.read_line() != "ready":
            raise BenchmarkError("the stand-in for ubridge does not start")
        pids.append(relay.pid)
    return lambda: _all_threads_ns(pids)


def _ubridge(binary: Path, stack: ExitStack) -> Callable[[], int]:
    """As GNS3 wires two containers: each has a ubridge with its TAP device, and a UDP tunnel joins these."""
    ports, pids = free_ports(2), []
    for name, (own, remote) in zip((NEAR_NAME, FAR_NAME), (ports, ports[::-1]), strict=True):
        pid, hypervisor = stack.enter_context(running_ubridge(binary))
        hypervisor.command("bridge", "create", name)
        hypervisor.command("bridge", "add_nio_tap", name, name)
        hypervisor.command("bridge", "add_nio_udp", name, own, LOOPBACK, remote)
        hypervisor.command("bridge", "start", name)
        pids.append(pid)
    return lambda: _all_threads_ns(pids)
