"""A user-mode gateway of a NAT: a port of the forwarder, and the process that it leads to, which is started again when
it ends.
"""

import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.nio import LOOPBACK
from gns3trio.compute.nodes.nat.process import GROUP_LIMITS, GatewayProcess, GatewayProgramFinder, open_gateway
from gns3trio.compute.nodes.nat.resolver import read_resolver, resolver_version
from gns3trio.compute.nodes.nat.settings import PortForward
from gns3trio.errors import Conflict, LabError, NoThread
from gns3trio.forwarder.forwarder import Forwarder, Port

log = logging.getLogger(__name__)

# The first restart comes after this many seconds. The next ones wait twice as long each, up to the limit.
RESTART_SECONDS, _RESTART_MOST_SECONDS = 1.0, 60.0
# A gateway is asked so often whether it is alive, and killed if it gives no answer for so long: a fault of libslirp
# might keep it busy for ever. An overloaded machine is not that slow.
ALIVE_SECONDS, ALIVE_PATIENCE_SECONDS = 10.0, 30.0
# The name server of the host changes when a laptop changes its network.
RESOLVER_SECONDS = 5.0


@frozen(kw_only=True)
class GatewayServices:
    """What gateways use of the compute. ``reaches_host``: the setting ``nat_host_loopback``."""

    nursery: trio.Nursery
    running: RunningPrograms
    forwarder: Forwarder
    finder: GatewayProgramFinder
    reaches_host: bool
    require_sandbox: bool


class Gateway:
    """A gateway that is kept running. Use ``Gateway.open``, and ``aclose`` at the end.

    ``tell`` is called with each new trouble, and with None when all works again.
    """

    def __init__(
        self,
        services: GatewayServices,
        node_id: UUID,
        port: Port,
        frames: socket.socket,
        forwards: Sequence[PortForward],
        tell: Callable[[str | None], None],
    ) -> None:
        self.port = port
        self.trouble: str | None = None
        self._services = services
        self._node_id = node_id
        self._frames = frames
        self._forwards = tuple(forwards)
        self._tell = tell
        self._process: GatewayProcess | None = None
        self._held: list[PortForward] = []  # the ports at which it listens
        self._reasons: list[str | None] = []  # for each forwarded port, why it does not
        self._changing = trio.Lock()
        self._scope = trio.CancelScope()
        self._ended = trio.Event()

    @classmethod
    async def open(
        cls,
        services: GatewayServices,
        node_id: UUID,
        forwards: Sequence[PortForward],
        tell: Callable[[str | None], None],
    ) -> "Gateway":
        """Start the gateway of a node. Raises Conflict with the package to install, or the reason why it does
        not start.
        """
        gateway: Gateway = await services.nursery.start(_run, services, node_id, forwards, tell)
        return gateway

    @property
    def pid(self) -> int | None:
        """The id of its process; None while it is started again."""
        return self._process.pid if self._process is not None else None

    async def aclose(self) -> None:
        """End it. Cannot be cancelled."""
        self._scope.cancel()
        with trio.CancelScope(shield=True):
            await self._ended.wait()

    async def set_forwards(self, forwards: Sequence[PortForward]) -> None:
        """Change the forwarded ports. Raises Conflict if one cannot be had; nothing is changed then."""
        async with self._changing:
            before = self._forwards
            try:
                await self._exchange(forwards)
                for index, reason in enumerate(self._reasons):
                    if reason is not None:
                        raise Conflict(f"properties.port_forwards[{index}].host_port: {reason}")
            except BaseException:
                with trio.CancelScope(shield=True):
                    await self._exchange(before)
                raise
            if self._process is not None:
                self._examine()

    async def _exchange(self, forwards: Sequence[PortForward]) -> None:
        """Forward these ports and no others. Afterwards ``_reasons`` has a reason for each that is refused."""
        self._forwards = tuple(forwards)
        self._reasons = []
        process = self._process  # it may end meanwhile, and gives no answers then
        if process is None:
            return  # it is being started again, and gets them then
        for forward in [each for each in self._held if each not in self._forwards]:
            await process.unforward(forward)
            self._held.remove(forward)
        for forward in self._forwards:
            reason = await process.forward(forward) if forward not in self._held else None
            if reason is None and forward not in self._held:
                self._held.append(forward)
            self._reasons.append(None if reason is None else f"{forward.where} cannot be forwarded: {reason}")

    def _examine(self) -> None:
        """Tell of forwarded ports that cannot be had."""
        self._set_trouble(next((reason for reason in self._reasons if reason is not None), None))

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._tell(trouble)

    # --- the process ---

    async def keep_running(self, task_status: trio.TaskStatus["Gateway"]) -> None:
        """Run it until it is closed. Raises Conflict or OSError if it does not start the first time."""
        delay = RESTART_SECONDS
        is_first = True
        try:
            with self._scope:
                while True:
                    began = trio.current_time()
                    try:
                        async with self._running() as process:
                            if is_first:
                                task_status.started(self)
                            is_first = False
                            how = await self._watch(process)
                    except (LabError, OSError) as error:
                        if is_first:
                            raise
                        how = f"does not start: {error}"
                    if trio.current_time() - began > _RESTART_MOST_SECONDS:
                        delay = RESTART_SECONDS
                    self._set_trouble(f"its gateway {how}; it is started again in {delay:g} s")
                    await trio.sleep(delay)
                    delay = min(2 * delay, _RESTART_MOST_SECONDS)
        finally:
            self._ended.set()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[GatewayProcess]:
        services = self._services
        program = await services.finder.find()
        async with (
            services.running.group(self._node_id, GROUP_LIMITS) as group,
            open_gateway(
                program,
                self._frames,
                reaches_host=services.reaches_host,
                require_sandbox=services.require_sandbox,
                group=group,
            ) as process,
        ):
            await process.set_resolver(await _resolver())
            async with self._changing:
                self._process, self._held = process, []
                await self._exchange(self._forwards)
                self._examine()
            try:
                yield process
            finally:
                self._process = None

    async def _watch(self, process: GatewayProcess) -> str:
        """Look after the process until it ends; returns how."""
        how = ""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_follow_resolver, process)
            nursery.start_soon(_require_answers, process)
            how = await process.wait()
            nursery.cancel_scope.cancel()
        return how


async def _run(
    services: GatewayServices,
    node_id: UUID,
    forwards: Sequence[PortForward],
    tell: Callable[[str | None], None],
    *,
    task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED,
) -> None:
    with bind_udp(LOOPBACK, 0) as ours, bind_udp(LOOPBACK, 0) as its:
        its.connect(ours.getsockname())
        port = services.forwarder.open_port(ours, its.getsockname())
        try:
            await Gateway(services, node_id, port, its, forwards, tell).keep_running(task_status)
        finally:
            port.close()


async def _resolver() -> IPv4Address | None:
    try:
        return await threads.disk.run(read_resolver)
    except NoThread:
        return read_resolver()  # a small file of the system


async def _follow_resolver(process: GatewayProcess) -> None:
    version = resolver_version()
    while True:
        await trio.sleep(RESOLVER_SECONDS)
        if resolver_version() != version:
            version = resolver_version()
            with suppress(NoThread):
                await process.set_resolver(await threads.disk.run(read_resolver))


async def _require_answers(process: GatewayProcess) -> None:
    while True:
        await trio.sleep(ALIVE_SECONDS)
        if not await process.is_alive(ALIVE_PATIENCE_SECONDS):
            log.warning("the gateway of a NAT (process %d) gives no answer and is ended", process.pid)
            return
