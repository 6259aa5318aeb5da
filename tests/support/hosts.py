"""Hosts made of network namespaces, each with a server in it, on a network that a test can cut, delay and narrow.

Each host has one interface and one address. All are on one switch, which is our own core: so the network between
them has any condition that a link of a lab can have, on every kernel (many have no netem). A cut is silent, as a
firewall that drops or a dead cable far away: nobody gets a reset or an ICMP message.

Needs a network namespace that the test may change: import it in a ``namespace_*.py`` that ``tests.own_network`` runs.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import attrs
import httpx
import trio

from gns3trio.compute.local.devices import open_device
from gns3trio.conditions.gns3_filters import gns3_core_filters
from gns3trio.config import Config, environment_name
from gns3trio.forwarder.forwarder import Bridge, Forwarder, Port, open_forwarder
from tests import rtnetlink
from tests.support.server import VPCS, Server

ROOT = Path(__file__).parents[2]
PATIENCE = 60
PORT = 3080
_NETWORK = "10.77.0"
_TEST = 254  # the number of the test itself in the network

T = TypeVar("T")
Command = Callable[["Host"], Sequence[str]]


@attrs.define(eq=False)
class Host:
    """A machine. Its server keeps its folder and its address when it is started again.

    ``server`` sends requests to it as a client on the test's own machine, which is in the network too.
    """

    name: str
    address: str
    config: Config
    namespace: rtnetlink.Namespace
    environment: dict[str, str]
    server: Server
    command: Command  # of its server, from the next start on
    _port: Port  # at which it is on the switch
    process: "subprocess.Popen[str] | None" = None
    _cut_from: set[str] = attrs.field(factory=set)
    _filters: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)

    @property
    def log(self) -> Path:
        """What its server has written to its standard error."""
        return self.config.projects_path.with_suffix(".log")

    @property
    def as_compute(self) -> dict[str, Any]:
        """The body of the request that registers it as a compute."""
        return {
            "compute_id": self.name,
            "name": self.name,
            "protocol": "https" if self.config.ssl else "http",
            "host": self.address,
            "port": PORT,
            "user": self.config.user or None,
            "password": self.config.password or None,
        }

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function on the host, in a thread."""
        return self.namespace.run(function, *arguments)

    # --- its server ---

    async def start(self) -> None:
        """Start its server, and wait until it listens."""
        assert self.process is None, f"{self.name} runs"
        with self.log.open("ab") as log:
            self.process = self.run(self._spawn, log)
        try:
            with trio.fail_after(PATIENCE):
                while not await self.run_within(_listens, self.address):
                    assert self.process.poll() is None, self.log.read_text()[-2000:]
                    await trio.sleep(0.02)
        except trio.TooSlowError:
            raise AssertionError(f"{self.name} does not listen: {self.log.read_text()[-2000:]}") from None

    async def run_within(self, function: Callable[..., T], *arguments: Any) -> T:
        """As ``run``, without keeping the test's loop waiting."""
        return await trio.to_thread.run_sync(self.run, function, *arguments)

    def _spawn(self, log: IO[bytes]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            list(self.command(self)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )

    def send_signal(self, number: signal.Signals) -> None:
        """Send its server a signal."""
        assert self.process is not None, f"{self.name} does not run"
        self.process.send_signal(number)

    def freeze(self) -> None:
        """Stop its server where it is: its kernel goes on to accept connections and to acknowledge bytes."""
        self.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self.send_signal(signal.SIGCONT)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End its server by a signal, and wait until it has ended."""
        self.send_signal(number)
        assert self.process is not None
        with trio.fail_after(PATIENCE):
            await trio.to_thread.run_sync(self.process.wait)
        self.process = None

    async def kill(self) -> None:
        """End its server without a chance to clean up."""
        await self.end(signal.SIGKILL)

    # --- its cable ---

    def cut(self, *others: "Host") -> None:
        """Let no packet pass between this host and these others, or all others. ARP still works, so nobody is told."""
        self._cut_from |= {f"host {other.address}" for other in others} or {"ip"}
        self._filter()

    def heal(self) -> None:
        """Let all packets pass again."""
        self._cut_from.clear()
        self._filter()

    def impair(self, **filters: Sequence[Any]) -> None:
        """Set GNS3's filters, in both directions: ``delay=[50, 10]``, ``packet_loss=[5]``, ``bpf=["greater 1000"]``."""
        self._filters = filters
        self._filter()

    def _filter(self) -> None:
        cuts = {"bpf": ["\n".join(sorted(self._cut_from))]} if self._cut_from else {}
        self._port.set_filters([*gns3_core_filters(cuts), *gns3_core_filters(self._filters)], seed=1)


def _listens(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, PORT)) == 0


def serve(host: Host) -> list[str]:
    """The command of a server of ours."""
    return [sys.executable, "-m", "gns3trio", "serve"]


def serve_impatiently(host: Host) -> list[str]:
    """A controller of ours that notices sooner that a compute is away."""
    return [sys.executable, "-m", "tests.support.impatient_server"]


def serve_unaware(host: Host) -> list[str]:
    """A controller of ours that never notices by itself that a compute is silent."""
    return [sys.executable, "-m", "tests.support.impatient_server", "1e9"]


def shifted_clock(folder: Path, seconds: int) -> dict[str, str]:
    """The environment of a program whose clock is ahead by so many seconds. It needs a folder for what is compiled."""
    library = folder / "shifted_clock.so"
    source = Path(__file__).with_name("shifted_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
    return {"LD_PRELOAD": str(library), "SHIFTED_CLOCK_SECONDS": str(seconds)}


@attrs.define(eq=False)
class Network:
    """The network. Use ``open_network``."""

    _folder: Path
    _forwarder: Forwarder
    _switch: Bridge
    _wires: rtnetlink.Namespace
    _stack: AsyncExitStack
    hosts: dict[str, Host] = attrs.field(factory=dict)

    async def add(
        self,
        name: str,
        command: Command = serve,
        *,
        environment: Mapping[str, str] | None = None,
        start: bool = True,
        **settings: Any,
    ) -> Host:
        """A host with a server, which anybody may use unless a user and a password are set.

        ``command`` starts a program that listens on PORT of the host's address, if not our server.
        """
        number = len(self.hosts) + 1
        address = f"{_NETWORK}.{number}"
        wanted = {
            "host": "0.0.0.0",
            "port": PORT,
            "projects_path": self._folder / name,
            "vpcs_path": VPCS,
            "allow_unauthenticated": not settings.get("user"),
            **settings,
        }
        namespace = rtnetlink.Namespace()
        self._stack.callback(namespace.close)
        port = self._plug(f"host{number}", namespace)
        namespace.run(rtnetlink.set_up, "lo")
        namespace.run(rtnetlink.set_address, f"host{number}", address)
        config = Config(**{key: value for key, value in wanted.items() if key != "host"}, host=(address,))
        scheme, user = "https" if config.ssl else "http", (config.user, config.password)
        client = httpx.AsyncClient(
            base_url=f"{scheme}://{address}:{PORT}", auth=user if config.user else None, timeout=PATIENCE, verify=False
        )
        await self._stack.enter_async_context(client)
        host = Host(
            name,
            address,
            config,
            namespace,
            {environment_name(key): _as_text(value) for key, value in wanted.items()} | dict(environment or {}),
            Server(str(client.base_url), config, client),
            command,
            port,
        )
        self.hosts[name] = host
        self._stack.push_async_callback(_end, host)
        if start:
            await host.start()
        return host

    def _plug(self, name: str, namespace: rtnetlink.Namespace | None) -> Port:
        """Lay a cable from the switch to an interface, which is in a namespace or here."""
        wire = f"w{name}"
        rtnetlink.add_veth(wire, name)
        self._wires.take(wire)
        self._wires.run(rtnetlink.set_up, wire)
        device = self._wires.run(open_device, self._forwarder, "ethernet", wire)
        self._stack.callback(device.close)
        self._switch.join(device.port)
        if namespace is not None:
            namespace.take(name)
        else:
            self._stack.callback(rtnetlink.delete, name)
        return device.port


async def _end(host: Host) -> None:
    """Kill what runs there: gns3-server that was killed leaves programs behind, in sessions of their own."""
    while processes := host.namespace.processes():
        for each in processes:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        if host.process is not None:
            host.process.wait()
            host.process = None
        await trio.sleep(0.01)


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@asynccontextmanager
async def open_network(folder: Path) -> AsyncIterator[Network]:
    """A network with nothing but the test itself in it. ``folder`` is for the hosts' files. At the end, what still runs
    on the hosts is killed.
    """
    rtnetlink.set_up("lo")
    async with open_forwarder(workers=1) as forwarder, AsyncExitStack() as stack:
        wires = rtnetlink.Namespace()
        stack.callback(wires.close)
        network = Network(folder, forwarder, forwarder.open_switch(), wires, stack)
        network._plug("lab0", None)
        rtnetlink.set_address("lab0", f"{_NETWORK}.{_TEST}")
        yield network
