"""The computes of the controller: the one of its own server, and those on other hosts that clients have registered.

A registered compute is connected from then on, as long as the server runs. One that was only named by a project's file
is not: a file from elsewhere must not make this server talk to a host. It waits until a client confirms it, by changing
it or registering it anew.
"""

import contextlib
import logging
import platform
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal
from uuid import UUID, uuid4

import attrs
import trio

from gns3trio import __version__, threads
from gns3trio.addresses import is_loopback, is_own_address
from gns3trio.classes import frozen
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.interface import Compute
from gns3trio.compute.node import NodeStatus
from gns3trio.compute.other_hosts import ComputeAddress, ComputeWatcher, OtherCompute
from gns3trio.config import Config
from gns3trio.controller.changes import ComputeChanged, ComputeCreated, ComputeDeleted, LogMessage
from gns3trio.controller.former_computes import FormerCompute, FormerComputes
from gns3trio.controller.opened_elsewhere import LEFT_STATE_NAME, OpenedAt, OpenedElsewhere
from gns3trio.controller.registered_computes import RegisteredCompute, RegisteredComputes
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.errors import Conflict, LabError, NotFound
from gns3trio.machine import MachineLoad, MachineSize, machine_size, measure_disk
from gns3trio.notifications.feed import ChangeFeed

log = logging.getLogger(__name__)

# Connects to a compute on another host.
OpenCompute = Callable[[ComputeAddress, ComputeWatcher], OtherCompute]
# What has to be done when a compute is back: with its nodes that are gone, and their status before.
Return = Callable[[OtherCompute, Mapping[UUID, NodeStatus]], None]
# Runs beside the connection to a compute.
Attend = Callable[[OtherCompute], Awaitable[None]]

NOT_DRIVEN = "this server does not run nodes on other computes"
UNKNOWN = "this server knows no host with that id"
UNCONFIRMED = (
    "it was named by a project's file and is not contacted before you confirm it, on the page of the hosts or with: "
    "gns3trio compute confirm"
)
# How long a request that registers or changes a compute waits for its first answer.
FIRST_ANSWER_SECONDS = 8.0
_UPDATE_SECONDS = 1.0
_DISK_SECONDS = 5.0
# How many names an error lists.
_TOLD_NAMES = 10


@frozen(kw_only=True)
class Gns3Capabilities:
    """The node types that a server can run, its GNS3 version for clients of each version of the API, and its size; that
    of another host may be unknown.
    """

    node_types: list[str]
    platform: str
    version: str
    version_3: str
    size: MachineSize = MachineSize()


@frozen(kw_only=True)
class ComputeState:
    """A compute as clients see it. Only one that can be reached now has ``load``; for another one, ``error`` is the
    reason. ``capabilities`` are the last known. That of this server was not registered, and has no dates.
    """

    compute_id: str
    name: str
    protocol: str
    host: str
    port: int
    user: str | None
    capabilities: Gns3Capabilities | None = None
    load: MachineLoad | None = None
    error: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


@frozen(kw_only=True)
class ComputeTraits:
    """What GNS3's shape of a compute has no place for. ``own_version`` is that of a server of ours, if it is one."""

    compute_id: str
    own_version: str | None
    is_confirmed: bool = True
    has_certificate: bool = False


class Computes:
    """Use ``run`` to have their state announced. ``driven`` are those that run nodes for the controller, that of this
    server among them. ``open_compute`` connects to others; without it, they are only shown.
    """

    def __init__(
        self,
        config: Config,
        changes: ChangeFeed,
        state: ServerState,
        driven: Iterable[Compute],
        open_compute: OpenCompute | None = None,
    ) -> None:
        self.local_port = config.port  # that of the API, once it is known
        self.on_return: Return = lambda compute, lost: None
        self._open_compute = open_compute
        self._others: dict[str, OtherCompute] = {}
        self._tasks: dict[str, trio.Nursery] = {}  # of each connection
        self._attend: Attend | None = None
        self._nursery: trio.Nursery | None = None
        self._config = config
        self._changes = changes
        self._driven = {compute.compute_id: compute for compute in driven}
        self.registered = RegisteredComputes(state)
        self._opened = OpenedElsewhere(state)
        self._former = FormerComputes(state)
        self._left = OpenedElsewhere(state, LEFT_STATE_NAME)

    @property
    def own(self) -> Compute:
        """The compute of this server itself."""
        return self._driven[LOCAL_COMPUTE_ID]

    def driven(self) -> list[Compute]:
        """The computes that run nodes for this controller."""
        return list(self._driven.values())

    def console_host(self, compute_id: str, own: str) -> str:
        """The host on which consoles of a compute are; ``own`` is that of this server."""
        compute = self._driven.get(compute_id)
        return (compute.console_host if compute is not None else None) or own

    def find(self, compute_id: str) -> Compute | None:
        """A compute that runs nodes for this controller; None for others."""
        return self._driven.get(compute_id)

    def id_at(self, host: str) -> str | None:
        """The id of a compute by its host for tunnels; None if there is none, or several that can be reached. That of
        this server has all addresses of this host that no other has.
        """
        found = [compute_id for compute_id, compute in self._driven.items() if compute.tunnel_host == host]
        if len(found) > 1:  # one host was added twice: with another port, or protocol
            found = [compute_id for compute_id in found if self._driven[compute_id].trouble is None]
        if not found and is_own_address(host):
            return LOCAL_COMPUTE_ID
        return found[0] if len(found) == 1 else None

    def require(self, compute_id: str) -> Compute:
        """As ``find``. Raises NotFound for an unknown compute, Conflict for one that this controller does not use."""
        compute = self._driven.get(compute_id)
        if compute is None:
            raise Conflict(f"compute_id: {self.registered.require(compute_id).name}: {self.why_not_driven(compute_id)}")
        return compute

    def other(self, compute_id: str) -> OtherCompute | None:
        """The compute, if it is on another host and used."""
        return self._others.get(compute_id)

    def is_this_server(self, compute_id: str) -> bool:
        """Whether a registered compute is this server, as far as its address tells."""
        registered = self.registered.get(compute_id)
        if registered is None or registered.port != self.local_port:
            return False
        host = registered.host
        with contextlib.suppress(ValueError):  # a name
            return host in self._config.addresses or is_loopback(host)
        return host in ("localhost", socket.gethostname())

    def named(self, text: str) -> str:
        """The id of the compute with this id or name. Raises NotFound."""
        if text == LOCAL_COMPUTE_ID or text in self.registered:
            return text
        if (compute := self.registered.find_named(text)) is not None:
            return compute.compute_id
        if text == socket.gethostname():
            return LOCAL_COMPUTE_ID
        others = f"; there are {LOCAL_COMPUTE_ID}, {', '.join(names)}" if (names := self._some_names()) else ""
        raise NotFound(f"there is no compute {text!r}{others}")

    def _some_names(self) -> list[str]:
        """The names of others, for a message."""
        names = [compute.name for compute in self.registered.values()]
        return names if len(names) <= _TOLD_NAMES else [*names[:_TOLD_NAMES], "..."]

    def name_of(self, compute_id: str) -> str:
        """What people call a compute: its name, or ``local``."""
        registered = self.registered.get(compute_id)
        return registered.name if registered is not None else compute_id

    def require_other(self, compute_id: str) -> OtherCompute | None:
        """The compute, if it is on another host; None for that of this server. Raises as ``require``."""
        self.require(compute_id)
        return self._others.get(compute_id)

    def runs_elsewhere(self, compute_id: str, node_type: str) -> bool:
        """Whether nodes of a type can run on a compute, which is not that of this server."""
        compute = self._driven.get(compute_id)
        return compute is not None and compute_id != LOCAL_COMPUTE_ID and compute.runs(node_type)

    def why_not_driven(self, compute_id: str) -> str:
        """The reason why a compute is not used."""
        if self._open_compute is None:
            return NOT_DRIVEN
        return UNCONFIRMED if compute_id in self.registered else UNKNOWN

    def capabilities(self) -> Gns3Capabilities:
        """The node types that this server can run, and its GNS3 version."""
        return attrs.evolve(self._capabilities_of(self.own), version_3=self._config.gns3_3_version, size=machine_size())

    def _capabilities_of(self, compute: Compute) -> Gns3Capabilities:
        version = compute.capabilities.version or self._config.gns3_version
        return Gns3Capabilities(
            node_types=sorted(compute.capabilities.node_types),
            platform=compute.capabilities.platform or platform.system().lower(),
            version=version,
            version_3=version,
        )

    def states(self) -> list[ComputeState]:
        """All computes, that of this server first."""
        return [self._own_state(), *map(self._registered_state, self.registered.values())]

    def state(self, compute_id: str) -> ComputeState:
        """The state of one compute. Raises NotFound."""
        return (
            self._own_state()
            if compute_id == LOCAL_COMPUTE_ID
            else self._registered_state(self.registered.require(compute_id))
        )

    def has_password(self, compute_id: str) -> bool:
        """Whether a password is stored for a compute."""
        registered = self.registered.get(compute_id)
        return registered is not None and registered.password is not None

    def traits(self) -> list[ComputeTraits]:
        """The traits of all computes, in the order of ``states``."""
        own = ComputeTraits(compute_id=LOCAL_COMPUTE_ID, own_version=__version__)
        return [own, *map(self._traits_of, self.registered.values())]

    def _traits_of(self, registered: RegisteredCompute) -> ComputeTraits:
        compute = self._others.get(registered.compute_id)
        return ComputeTraits(
            compute_id=registered.compute_id,
            own_version=compute.own_version if compute is not None else None,
            is_confirmed=registered.is_confirmed,
            has_certificate=registered.certificate is not None,
        )

    def _own_state(self) -> ComputeState:
        return ComputeState(
            compute_id=LOCAL_COMPUTE_ID,
            name=socket.gethostname(),
            protocol="https" if self._config.ssl else "http",
            host=self._config.own_address,
            port=self.local_port,
            user=self._config.user or None,
            capabilities=self.capabilities(),
            load=self.own.load(),
        )

    def _registered_state(self, registered: RegisteredCompute) -> ComputeState:
        fields = attrs.asdict(registered)
        for secret in ("password", "certificate", "is_confirmed"):
            del fields[secret]
        compute = self._driven.get(registered.compute_id)
        if compute is None:
            return ComputeState(**fields, error=self.why_not_driven(registered.compute_id))
        if compute.trouble is not None:
            return ComputeState(**fields, error=compute.trouble)
        return ComputeState(**fields, capabilities=self._capabilities_of(compute), load=compute.load())

    async def create(self, fields: Mapping[str, Any], *, wait: bool = True) -> ComputeState:
        """Register a compute, or return the existing one with that id, and connect to it. One that was only named by a
        file is registered anew. Without an id, it gets its former one if it was removed before, else a new one. With
        ``wait``, the reply shows whether it could be reached.

        Raises Invalid for an id or name that GNS3 reserves, Conflict for a name in use, Unavailable.
        """
        compute_id = fields.get("compute_id")
        if compute_id is None:
            compute_id = self.former_id(fields["host"], fields["port"], fields.get("name")) or str(uuid4())
        known = self.registered.get(compute_id)
        if compute_id == LOCAL_COMPUTE_ID or (known is not None and (known.is_confirmed or compute_id in self._driven)):
            await self.settle([compute_id])
            return self.state(compute_id)
        compute = RegisteredCompute(**{"is_confirmed": True, "name": "", **fields, "compute_id": compute_id})
        compute = await self.registered.store(compute)
        for record in (self._opened, self._left):
            await record.rename(_place(compute), compute.compute_id)
        await self._connect(compute, wait=wait)
        state = self._registered_state(compute)
        self._changes.publish(ComputeChanged(state))
        self._changes.publish(ComputeCreated(state))
        return state

    def former_id(self, host: str, port: int, name: str | None) -> str | None:
        """The id that a compute had before it was removed; None if it is unknown, or in use."""
        former = self._former.find(f"{host}:{port}", name)
        return former if former not in self.registered else None

    async def add_those_of_file(self, computes: Iterable[Mapping[str, Any]]) -> list[str]:
        """Register the computes that a project's file names and that are not known, without credentials, as GNS3 does.

        Returns messages about those that cannot be registered.
        """
        problems: list[str] = []
        for each in computes:
            try:
                if (compute := self.registered.new_in_file(each)) is not None:
                    await self.create(attrs.asdict(compute))
            except LabError as error:
                problems.append(f"compute {each.get('name')!r} of the project's file: {error}")
        return problems

    async def update(self, compute_id: str, changes: Mapping[str, Any]) -> ComputeState:
        """Change a compute. Raises NotFound, and as ``create``."""
        if compute_id == LOCAL_COMPUTE_ID:
            raise Conflict("compute_id: the local compute is described by the settings of this server")
        compute = attrs.evolve(
            self.registered.require(compute_id), **{**changes, "compute_id": compute_id, "is_confirmed": True}
        )
        before = self.registered[compute_id]
        compute = await self.registered.store(compute)
        if compute != before or compute_id not in self._driven:
            await self._connect(compute)
        else:
            await self.settle([compute_id])
        state = self._registered_state(compute)
        self._changes.publish(ComputeChanged(state))
        return state

    def require_deletable(self, compute_id: str) -> None:
        """Raises Conflict for the local compute."""
        if compute_id == LOCAL_COMPUTE_ID:
            raise Conflict("compute_id: the local compute cannot be deleted")

    async def delete(self, compute_id: str) -> None:
        """Remove a compute. As in GNS3, does nothing if it is unknown. Raises Conflict for the local one."""
        self.require_deletable(compute_id)
        compute = self.registered.get(compute_id)
        if compute is None:
            return
        await self.registered.remove(compute_id)
        self._disconnect(compute_id)
        for record in (self._opened, self._left):
            await record.rename(compute_id, _place(compute))
        await self._former.add(FormerCompute(compute_id=compute_id, name=compute.name, place=_place(compute)))
        self._changes.publish(ComputeDeleted(self._registered_state(compute)))

    # --- connections ---

    async def settle(self, compute_ids: Iterable[str]) -> None:
        """Wait a little, until it is known of these computes whether they can be reached."""
        with trio.move_on_after(FIRST_ANSWER_SECONDS):
            for compute_id in compute_ids:
                registered = self.registered.get(compute_id)
                compute = self._begin(registered) if registered is not None else None
                if compute is not None:
                    await compute.wait_tried()

    def hurry(self) -> None:
        """The server stops: do not wait for long for computes on other hosts that do not answer."""
        for compute in self._others.values():
            compute.hurry()

    async def _connect(self, registered: RegisteredCompute, *, wait: bool = True) -> None:
        """Connect to a compute at its present address, and with ``wait`` wait a little for its first answer."""
        if self._nursery is None or not registered.is_confirmed:
            return
        known = self._others.get(registered.compute_id)
        if known is not None:
            known.move(registered.address())
        else:
            known = self._begin(registered)
        if known is not None and wait:
            with trio.move_on_after(FIRST_ANSWER_SECONDS):
                await known.wait_tried()

    def _begin(self, registered: RegisteredCompute) -> OtherCompute | None:
        """Keep up a connection to a compute from now on; None if this server does not use it."""
        compute_id = registered.compute_id
        if self._open_compute is None or self._nursery is None or not registered.is_confirmed:
            return None
        if compute_id not in self._others:
            compute = self._others[compute_id] = self._driven[compute_id] = self._open_compute(
                registered.address(), self
            )
            self._nursery.start_soon(self._serve, compute)
        return self._others[compute_id]

    async def _serve(self, compute: OtherCompute) -> None:
        async with trio.open_nursery() as nursery:
            if self._others.get(compute.compute_id) is not compute:
                return  # removed already
            self._tasks[compute.compute_id] = nursery
            if self._attend is not None:
                nursery.start_soon(self._attend, compute)
            await compute.run()

    def _disconnect(self, compute_id: str) -> None:
        if self._others.pop(compute_id, None) is not None:
            del self._driven[compute_id]
            if (tasks := self._tasks.pop(compute_id, None)) is not None:
                tasks.cancel_scope.cancel()

    def attend(self, attend: Attend) -> None:
        """Run ``attend`` for each compute on another host, as long as this controller uses it."""
        self._attend = attend
        for compute_id, tasks in self._tasks.items():
            tasks.start_soon(attend, self._others[compute_id])

    def opened_at(self, compute_id: str) -> OpenedAt:
        """The record of the projects that are open at a compute on another host."""
        return self._opened.at(compute_id, self._left)

    def left_at(self, compute_id: str) -> OpenedAt:
        """The record of the projects of which there may be files at a compute that no node here has."""
        return self._left.at(compute_id)

    def changed(self, compute: OtherCompute) -> None:
        """A compute on another host can be reached, or not any more."""
        registered = self.registered.get(compute.compute_id)
        if registered is not None:
            if compute.trouble is not None:
                log.warning("%s", compute.trouble)
            else:
                log.info("compute '%s' can be reached", registered.name)
            self._changes.publish(ComputeChanged(self._registered_state(registered)))

    def returned(self, compute: OtherCompute, lost: Mapping[UUID, NodeStatus]) -> None:
        """A compute on another host can be reached again."""
        self.on_return(compute, lost)

    def told(
        self, compute: OtherCompute, level: Literal["error", "warning", "info"], message: str, project_id: UUID | None
    ) -> None:
        """A compute on another host has a message."""
        self._changes.publish(LogMessage(level, f"compute '{compute.address.name}': {message}", project_id))

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """Connect to the computes on other hosts. As in GNS3, announce the state of each about once a second, while
        somebody listens.
        """
        async with trio.open_nursery() as self._nursery:
            for registered in self.registered.values():
                self._begin(registered)
            self._nursery.start_soon(self._watch_disk)
            task_status.started()
            while True:
                await trio.sleep(_UPDATE_SECONDS)
                if self._changes.count():
                    self._changes.publish(ComputeChanged(self._own_state()))
                    for compute_id, compute in list(self._others.items()):
                        if compute.trouble is None:
                            self._changes.publish(ComputeChanged(self.state(compute_id)))

    async def _watch_disk(self) -> None:
        """Measure the disk of the projects from time to time. It may hang."""
        while True:
            with contextlib.suppress(LabError):  # no thread is free
                await threads.disk.run(measure_disk, str(self._config.projects_path), abandon_on_cancel=True)
            await trio.sleep(_DISK_SECONDS)


def _place(compute: ComputeAddress) -> str:
    """What names a compute that is not registered."""
    return f"{compute.host}:{compute.port}"
