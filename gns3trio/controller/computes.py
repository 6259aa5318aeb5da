"""The computes of the controller: those that it uses, and others that clients have registered.

The others are only stored and shown, and never contacted.
"""

import platform
import socket
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import trio

from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.interface import Compute
from gns3trio.config import Config
from gns3trio.controller.changes import ComputeChanged, ComputeCreated, ComputeDeleted
from gns3trio.controller.names import check_name
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Conflict, Invalid, LabError, NotFound
from gns3trio.limits import MAX_ITEMS
from gns3trio.machine import MachineLoad
from gns3trio.notifications.feed import ChangeFeed

NOT_DRIVEN = "This server does not run nodes on other computes"
# GNS3 reserves this name for its virtual machine, which does not exist here.
_GNS3_VM_ID, _GNS3_VM_NAME = "vm", "gns3vm"
_UPDATE_SECONDS = 1.0


@attrs.frozen(kw_only=True)
class RegisteredCompute:
    """Another server that a client has registered, with its credentials."""

    compute_id: str
    name: str
    protocol: str
    host: str
    port: int
    user: str | None = None
    password: str | None = None


@attrs.frozen(kw_only=True)
class Gns3Capabilities:
    """The node types that a server can run, and its GNS3 version."""

    node_types: list[str]
    platform: str
    version: str


@attrs.frozen(kw_only=True)
class ComputeState:
    """A compute as clients see it. Only a compute that this controller uses has ``capabilities`` and ``load``; for
    another one, ``error`` is the reason why it is not used.
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


class Computes:
    """Use ``run`` to have their state announced. ``driven`` are those that run nodes for the controller, that of this
    server among them.
    """

    def __init__(self, config: Config, changes: ChangeFeed, state: ServerState, driven: Iterable[Compute]) -> None:
        self.local_port = config.port  # that of the API, once it is known
        self._config = config
        self._changes = changes
        self._state = state
        self._driven = {compute.compute_id: compute for compute in driven}
        self._registered = {compute.compute_id: compute for compute in _stored(state)}

    @property
    def own(self) -> Compute:
        """The compute of this server itself."""
        return self._driven[LOCAL_COMPUTE_ID]

    def driven(self) -> Iterable[Compute]:
        """The computes that run nodes for this controller."""
        return self._driven.values()

    def find(self, compute_id: str) -> Compute | None:
        """A compute that runs nodes for this controller; None for others."""
        return self._driven.get(compute_id)

    def require(self, compute_id: str) -> Compute:
        """As ``find``. Raises NotFound for an unknown compute, Conflict for one that this controller does not use."""
        compute = self._driven.get(compute_id)
        if compute is None:
            raise Conflict(f"compute_id: {self.get_registered(compute_id).name}: {NOT_DRIVEN}")
        return compute

    def capabilities(self) -> Gns3Capabilities:
        """The node types that this server can run, and its GNS3 version."""
        return self._capabilities_of(self.own)

    def _capabilities_of(self, compute: Compute) -> Gns3Capabilities:
        return Gns3Capabilities(
            node_types=sorted(compute.capabilities.node_types),
            platform=platform.system().lower(),
            version=self._config.gns3_version,
        )

    def states(self) -> list[ComputeState]:
        """All computes, that of this server first."""
        return [self._own_state(), *map(self._registered_state, self._registered.values())]

    def state(self, compute_id: str) -> ComputeState:
        """The state of one compute. Raises NotFound."""
        return (
            self._own_state()
            if compute_id == LOCAL_COMPUTE_ID
            else self._registered_state(self.get_registered(compute_id))
        )

    def get_registered(self, compute_id: str) -> RegisteredCompute:
        """A compute that is not this server. Raises NotFound."""
        compute = self._registered.get(compute_id)
        if compute is None:
            raise NotFound(f"Compute ID {compute_id} doesn't exist")
        return compute

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
        del fields["password"]
        compute = self._driven.get(registered.compute_id)
        if compute is None:
            return ComputeState(**fields, error=NOT_DRIVEN)
        return ComputeState(**fields, capabilities=self._capabilities_of(compute), load=compute.load())

    async def create(self, fields: Mapping[str, Any]) -> ComputeState:
        """Register a compute, or return the existing one with that id.

        Raises Invalid for an id or name that GNS3 reserves, Conflict for a name in use, Unavailable.
        """
        compute_id = fields["compute_id"]
        if compute_id == LOCAL_COMPUTE_ID or compute_id in self._registered:
            return self.state(compute_id)
        name = fields.get("name") or _default_name(fields)
        compute = RegisteredCompute(**{**fields, "name": name})
        await self._store(compute)
        state = self._registered_state(compute)
        self._changes.publish(ComputeChanged(state))
        self._changes.publish(ComputeCreated(state))
        return state

    async def add_those_of_file(self, computes: Iterable[Mapping[str, Any]]) -> list[str]:
        """Register the computes that a project's file names and that are not known, without credentials, as GNS3 does.

        Returns messages about those that cannot be registered.
        """
        problems: list[str] = []
        for each in computes:
            try:
                compute = structure(_stored_converter, each, RegisteredCompute)
                check_name(compute.name)
                if compute.compute_id not in (*self._registered, LOCAL_COMPUTE_ID, _GNS3_VM_ID):
                    await self.create({**attrs.asdict(compute), "user": None, "password": None})
            except LabError as error:
                problems.append(f"compute {each.get('name')!r} of the project's file: {error}")
        return problems

    async def update(self, compute_id: str, changes: Mapping[str, Any]) -> ComputeState:
        """Change a compute. Raises NotFound, and as ``create``."""
        if compute_id == LOCAL_COMPUTE_ID:
            raise Conflict("compute_id: the local compute is described by the settings of this server")
        compute = attrs.evolve(self.get_registered(compute_id), **{**changes, "compute_id": compute_id})
        if not compute.name:
            compute = attrs.evolve(compute, name=_default_name(attrs.asdict(compute)))
        await self._store(compute)
        state = self._registered_state(compute)
        self._changes.publish(ComputeChanged(state))
        return state

    async def _store(self, compute: RegisteredCompute) -> None:
        if compute.compute_id == _GNS3_VM_ID or compute.name == _GNS3_VM_NAME:
            raise Invalid("compute_id, name: 'vm' and 'gns3vm' stand for the virtual machine of GNS3")

        def store(stored: list[Any]) -> list[Any]:
            others = [other for other in self._registered.values() if other.compute_id != compute.compute_id]
            if len(others) >= MAX_ITEMS:
                raise Conflict(f"there are {MAX_ITEMS} computes, and can be no more")
            if any(other.name == compute.name for other in others):
                raise Conflict(f"name: there is a compute named {compute.name!r} already")
            return [attrs.asdict(each) for each in (*others, compute)]

        await self._state.change("computes", [], store)
        self._registered[compute.compute_id] = compute

    def require_deletable(self, compute_id: str) -> None:
        """Raises Conflict for the local compute."""
        if compute_id == LOCAL_COMPUTE_ID:
            raise Conflict("compute_id: the local compute cannot be deleted")

    async def delete(self, compute_id: str) -> None:
        """Remove a compute. As in GNS3, does nothing if it is unknown. Raises Conflict for the local one."""
        self.require_deletable(compute_id)
        compute = self._registered.get(compute_id)
        if compute is None:
            return
        await self._state.change(
            "computes", [], lambda stored: [each for each in stored if each["compute_id"] != compute_id]
        )
        self._registered.pop(compute_id, None)
        self._changes.publish(ComputeDeleted(self._registered_state(compute)))

    async def run(self) -> None:
        """As in GNS3, announce the state of this server about once a second, while somebody listens."""
        while True:
            await trio.sleep(_UPDATE_SECONDS)
            if self._changes.count():
                self._changes.publish(ComputeChanged(self._own_state()))


_stored_converter = make_strict_converter(forbid_extra_keys=False)


def check_stored_computes(value: object) -> None:
    """Raises Invalid if ``Computes`` cannot have stored this data."""
    structure(_stored_converter, value, list[RegisteredCompute])


def _stored(state: ServerState) -> Iterable[RegisteredCompute]:
    for fields in state.get("computes", []):
        yield structure(_stored_converter, fields, RegisteredCompute)


def _default_name(fields: Mapping[str, Any]) -> str:
    user = f"{fields['user']}@" if fields.get("user") else ""
    return f"{fields['protocol']}://{user}{fields['host']}:{fields['port']}"
