"""What a compute needs from a node, whatever its type, and what a node tells of itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import UUID

import attrs

from gns3trio.compute.nio import Nio
from gns3trio.compute.node_traits import NodePort
from gns3trio.console.hub import ConsoleHub

if TYPE_CHECKING:
    from gns3trio.compute.local.tunnels import Tunnel
    from gns3trio.forwarder.forwarder import Port

NodeStatus = Literal["stopped", "started"]


@attrs.frozen
class NodeEvent:
    """Something that happened to a node.

    ``status``: it was started or stopped; ``updated``: another attribute changed by itself; ``error``,
    ``warning`` and ``info`` carry a ``message`` for the user.
    """

    kind: Literal["status", "updated", "error", "warning", "info"]
    message: str = ""


@attrs.frozen(kw_only=True)
class NodeSpec:
    """What a node is made from. ``folder`` is its own and is created when missing.

    ``mac_id`` is the number that it had for its MAC address; it gets another one when that is in use.
    """

    node_type: str
    node_id: UUID
    project_id: UUID
    name: str
    folder: Path
    console: int | None
    console_type: str | None
    properties: dict[str, Any]
    startup_script: str | None
    mac_id: int | None = None
    emit: Callable[[NodeEvent], None]


class ComputeNode(Protocol):
    """A node that a compute runs.

    Calls to one node are made one after the other (the caller holds its lock); different nodes run in parallel.
    Every call leaves the node as it was when it raises.
    """

    @property
    def node_id(self) -> UUID:
        """The node's id."""

    @property
    def project_id(self) -> UUID:
        """The id of the project that the node belongs to."""

    @property
    def node_type(self) -> str:
        """The name of the type in the API, such as ``vpcs``."""

    @property
    def name(self) -> str:
        """The node's name."""

    @property
    def status(self) -> NodeStatus:
        """Whether it runs."""

    @property
    def exit_reason(self) -> str | None:
        """Why it stopped last; None when it was asked to or never ran."""

    @property
    def command_line(self) -> str | None:
        """The command that started it last, empty before the first start; None for a type without a process."""

    @property
    def directory(self) -> Path | None:
        """The node's own folder; None for a type without files."""

    @property
    def console(self) -> int | None:
        """The TCP port of the console, None without one."""

    @property
    def console_type(self) -> str | None:
        """``telnet`` or ``none``."""

    @property
    def console_hub(self) -> ConsoleHub | None:
        """Where console clients are served while it runs; None for a type without a console."""

    @property
    def mac_id(self) -> int | None:
        """The number that its MAC address is made of; None for a type whose addresses are not given by us."""

    @property
    def has_nio(self) -> bool:
        """Whether any port has a NIO."""

    def startup_script(self) -> str | None:
        """The start-up script in the node's folder, None when there is none."""

    @property
    def always_runs(self) -> bool:
        """Whether it runs as long as it exists: starting and stopping it means nothing."""

    def ports(self) -> list[NodePort]:
        """Its ports."""

    def properties(self) -> dict[str, Any]:
        """Its properties in the API, as they are saved."""

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change its properties. Raises Invalid (names the field) or Conflict (not now); nothing is changed then."""

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """How these properties are read once the node has them: it may number and name its ports in its own way.

        Raises Invalid (names the field).
        """

    def tunnel(self, adapter_number: int, port_number: int) -> "Tunnel | None":
        """The tunnel of a port; None without a NIO."""

    def device_port(self, adapter_number: int, port_number: int) -> "Port | None":
        """What the tunnel of a port is patched to, where frames come from the node and go to it: the socket of its
        process, an interface of the host. None without one, and for a bridge, which has its tunnels itself.
        """

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """Why no frame passes a linked port; None when nothing is known against it."""

    def stopping(self) -> AbstractContextManager[None]:
        """As long as the ``with``, starts that came before are given up after a few seconds.

        For who waits for a lock in order to stop, reload or delete it: a start may hang for a minute.
        """

    async def start(self) -> None:
        """Start it and return once it works; started already is fine. Raises Conflict, also when it is to stop."""

    async def stop(self) -> None:
        """Stop it; stopped already is fine."""

    async def suspend(self) -> None:
        """Suspend it; only for a type that can be suspended. Raises Conflict."""

    async def reload(self) -> None:
        """Stop and start it. Raises Conflict when it does not start again."""

    async def close(self) -> None:
        """Stop it and give back everything that it holds."""

    async def bind_nio(self, adapter_number: int, port_number: int, nio: Nio) -> None:
        """Join a port to a tunnel, replacing the one it had.

        Raises Conflict (no such port, ``lport`` taken) or Invalid (``rhost`` is not a host).
        """

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Undo ``bind_nio``. Raises Conflict when the port has no NIO."""

    async def rename(self, name: str) -> None:
        """Give it another name."""

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move or remove the console; None as ``console`` keeps the port or takes the lowest free one.

        Raises Conflict when the port is taken, Invalid for a type of console that it has not.
        """

    async def reset_console(self) -> None:
        """Drop all console clients."""

    async def set_startup_script(self, text: str) -> None:
        """Write the start-up script, used at the next start."""


async def update_node(
    instance: ComputeNode, name: str, console: tuple[int | None, str | None], properties: dict[str, Any]
) -> bool:
    """Give a node its name, console and properties, or none of them. Returns whether anything changed."""
    before = instance.name, (instance.console, instance.console_type), instance.properties()
    async with AsyncExitStack() as undo:
        if name != before[0]:
            await instance.rename(name)
            undo.push_async_callback(instance.rename, before[0])
        if console != before[1]:
            await instance.set_console(*console)
            undo.push_async_callback(instance.set_console, *before[1])
        if properties != before[2]:
            await instance.set_properties(properties)
        undo.pop_all()
    return before != (instance.name, (instance.console, instance.console_type), instance.properties())
