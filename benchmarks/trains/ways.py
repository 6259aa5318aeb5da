"""The ways between two hosts that are compared. Each host is a network namespace, or a container of Docker."""

import io
import shutil
import subprocess
import tarfile
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
IMAGE = "gns3trio-benchmark"
SOURCES = Path(__file__).parent


@attrs.frozen
class Hosts:
    """The namespaces of both hosts, as paths, and the CPU time so far of the threads that forward between them."""

    near: str
    far: str
    forwarder_ns: Callable[[], int]


Way = Callable[[], AbstractContextManager[Hosts]]


@attrs.frozen
class Host:
    """A host: a process in its network namespace, and the id of its container, if it is one."""

    pid: int
    container_id: str = ""

    @property
    def network(self) -> str:
        """The path of its network namespace."""
        return f"/proc/{self.pid}/ns/net"


def ways(ubridge: Path | None, open_host: Callable[[], AbstractContextManager[Host]]) -> dict[str, Way]:
    """By name; the last one is GNS3's, or what stands in for it."""
    makers: dict[str, _Maker] = {"ours": _core, "veth": _veth}
    makers |= {"ubridge": partial(_ubridge, ubridge)} if ubridge else {"stand-in": _relays}
    return {name: partial(_link, make, open_host) for name, make in makers.items()}


def run_ip(line: str) -> None:
    """Run a command of ip(8). Raises BenchmarkError."""
    done = subprocess.run(["ip", *line.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"ip {line}: {done.stderr.strip()}")


@contextmanager
def namespace() -> Iterator[Host]:
    """A network namespace with a process that does nothing."""
    command = ["unshare", "--net", "sh", "-c", "echo; cat"]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()  # it is in its namespace
        yield Host(holder.pid)
    finally:
        with suppress(BrokenPipeError):
            holder.communicate()


@contextmanager
def container() -> Iterator[Host]:
    """A container with busybox, of the Docker engine that the program ``docker`` finds. Raises BenchmarkError."""
    command = ["run", "--detach", "--rm", "--network", "none", IMAGE, "/bin/busybox", "sleep", "100000"]
    container_id = run_docker(*command)
    try:
        yield Host(int(run_docker("inspect", "--format", "{{.State.Pid}}", container_id)), container_id)
    finally:
        run_docker("rm", "--force", container_id)


@contextmanager
def image() -> Iterator[None]:
    """The image of the containers, made of this machine's static busybox. Raises BenchmarkError."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise BenchmarkError("busybox is missing: apt-get install busybox-static")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
    run_docker("import", "-", IMAGE, data=archive.getvalue())
    try:
        yield
    finally:
        run_docker("rmi", IMAGE)


def run_docker(*arguments: str, data: bytes = b"") -> str:
    """What a command of docker prints. Raises BenchmarkError."""
    try:
        done = subprocess.run(["docker", *arguments], input=data, capture_output=True, check=False)
    except OSError as error:
        raise BenchmarkError(f"docker: {error.strerror}") from None
    if done.returncode:
        raise BenchmarkError(f"docker {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode().strip()


# Makes the interfaces of two hosts; gives the CPU time so far of what is between them.
_Maker = Callable[[ExitStack, Host, Host], Callable[[], int]]


@contextmanager
def _link(make: _Maker, open_host: Callable[[], AbstractContextManager[Host]]) -> Iterator[Hosts]:
    with open_host() as near, open_host() as far, ExitStack() as stack:
        forwarder_ns = make(stack, near, far)
        for host, name, address in ((near, NEAR_NAME, NEAR), (far, FAR_NAME, FAR)):
            inside = ["nsenter", f"--net={host.network}", "ip"]
            for line in (f"addr add {address}/24 dev {name}", f"link set {name} up", "link set lo up"):
                subprocess.run([*inside, *line.split()], check=True)
        yield Hosts(near.network, far.network, forwarder_ns)


def _move(near: Host, far: Host) -> None:
    """The interfaces go to their hosts."""
    run_ip(f"link set {NEAR_NAME} netns {near.pid}")
    run_ip(f"link set {FAR_NAME} netns {far.pid}")


def _veth(stack: ExitStack, near: Host, far: Host) -> Callable[[], int]:
    run_ip(f"link add {NEAR_NAME} type veth peer name {FAR_NAME}")
    _move(near, far)
    return lambda: 0


def _core(stack: ExitStack, near: Host, far: Host) -> Callable[[], int]:
    """In a container, the device is opened where it shall be, as the server does it."""
    devices = [
        f"{name}:{host.pid}:{host.container_id}" if host.container_id else name
        for host, name in ((near, NEAR_NAME), (far, FAR_NAME))
    ]
    core = stack.enter_context(Program.python(CORE, *devices))
    threads = read_threads(core)
    if not near.container_id:
        _move(near, far)
    return lambda: thread_cpu_ns(core.pid, threads)


def _all_threads_ns(pids: list[int]) -> int:
    return sum(thread_cpu_ns(pid, threads_of(pid)) for pid in pids)


def _relays(stack: ExitStack, near: Host, far: Host) -> Callable[[], int]:
    ports, binary, pids = free_ports(2), compiled("relay", SOURCES), []
    for name, (own, remote) in zip((NEAR_NAME, FAR_NAME), (ports, ports[::-1]), strict=True):
        relay = stack.enter_context(Program(binary, name, own, remote))
        if relay.read_line() != "ready":
            raise BenchmarkError("the stand-in for ubridge does not start")
        pids.append(relay.pid)
    _move(near, far)
    return lambda: _all_threads_ns(pids)


def _ubridge(binary: Path, stack: ExitStack, near: Host, far: Host) -> Callable[[], int]:
    """As GNS3 wires two containers: each has a ubridge with its TAP device, and a UDP tunnel joins these."""
    ports, pids = free_ports(2), []
    for name, (own, remote) in zip((NEAR_NAME, FAR_NAME), (ports, ports[::-1]), strict=True):
        pid, hypervisor = stack.enter_context(running_ubridge(binary))
        hypervisor.command("bridge", "create", name)
        hypervisor.command("bridge", "add_nio_tap", name, name)
        hypervisor.command("bridge", "add_nio_udp", name, own, LOOPBACK, remote)
        hypervisor.command("bridge", "start", name)
        pids.append(pid)
    _move(near, far)
    return lambda: _all_threads_ns(pids)
