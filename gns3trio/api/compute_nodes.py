"""Nodes that another controller controls: the handlers that the compute APIs of versions 2 and 3 share, and the bodies
that they read. Each version registers them in its table, under its paths and with its statuses.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

from attrs import field
from starlette.websockets import WebSocket

from gns3trio import field_checks as v
from gns3trio.api.compute_client import client_of
from gns3trio.api.console import serve_console
from gns3trio.api.context import ApiContext
from gns3trio.api.routing import ApiRequest
from gns3trio.api.streams import CaptureStream
from gns3trio.api.v2.bodies import check_adapters
from gns3trio.api.v2.compute_views import driven_node_view, instance_view
from gns3trio.classes import define
from gns3trio.compute.hosted_project import preferred_mac_id
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.controller.driven_nodes import (
    DrivenNode,
    copy_files,
    driven_action,
    driven_node,
    own_instance,
    own_project,
    require_known,
)
from gns3trio.controller.links.captures import check_file_name
from gns3trio.controller.links.filters import checked_filters
from gns3trio.controller.names import Name
from gns3trio.errors import Conflict, Invalid, NotFound
from gns3trio.limits import MAX_PORT, Script

NODE = "/{node_type}/nodes/{node_id}"
PORT = NODE + "/adapters/{adapter_number:number}/ports/{port_number:number}"
# The fields of a node's body that are not properties of its type.
_NOT_PROPERTIES = frozenset(
    {
        "name",
        "node_id",
        "project_id",
        "console",
        "console_type",
        "startup_script",
        "status",
        "node_directory",
        "command_line",
        "custom_adapters",
    }
)


@define(kw_only=True)
class NodeUpdate:
    """``PUT``: the common fields, and the properties of the node's type beside them."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True
    name: Name = "-"
    console: int | None = field(default=None, validator=v.optional(v.PORT))
    console_type: str | None = None
    startup_script: Script | None = None
    custom_adapters: list[dict[str, Any]] = field(factory=list, validator=check_adapters)


@define(kw_only=True)
class NodeCreate(NodeUpdate):
    """The body of ``POST .../nodes``."""

    name: Name
    node_id: UUID | None = None


@define(kw_only=True)
class CaptureStart:
    """What is captured into which file."""

    capture_file_name: str
    data_link_type: str = "DLT_EN10MB"


@define(kw_only=True)
class Duplicate:
    """The body of ``POST .../duplicate``: the existing node into which the files are copied."""

    destination_node_id: UUID


def locked(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, *, to_stop: bool = False
) -> AbstractAsyncContextManager[DrivenNode]:
    return driven_node(api.controller, client_of(api.http.scope), project_id, node_type, node_id, to_stop=to_stop)


def properties_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a body that are properties of the node's type."""
    return {name: value for name, value in body.items() if name not in _NOT_PROPERTIES}


@contextmanager
def _named_as_sent() -> Iterator[None]:
    """Name the fields in an error as the client sent them: here the properties of a type are fields of the body."""
    try:
        yield
    except Invalid as error:
        raise Invalid(str(error).removeprefix("properties.")) from None


def _project_name(api: ApiRequest, project_id: UUID) -> str:
    client = client_of(api.http.scope)
    own = own_project(api.controller, client, project_id)
    return own.settings.name if own is not None else api.controller.hosted.get(client, project_id).name


def _ignore(event: NodeEvent) -> None:
    """A placeholder that the hosted project replaces."""


async def new_node(
    api: ApiRequest, project_id: UUID, node_type: str, body: NodeCreate, properties: dict[str, Any]
) -> dict[str, Any]:
    """Create a node, or return the one with its id. Its name is not made unique."""
    client = client_of(api.http.scope)
    require_known(api.controller, client, project_id)
    if not api.controller.hosted.compute.runs(node_type):
        raise NotFound(f"This compute does not run nodes of type {node_type}")
    if body.node_id is not None and (
        known := own_instance(api.controller, client, project_id, node_type, body.node_id)
    ):
        return instance_view(known)
    project = await api.controller.hosted.create(client, project_id, _project_name(api, project_id), None)
    node_id = body.node_id or uuid4()
    spec = NodeSpec(
        node_type=node_type,
        node_id=node_id,
        project_id=project_id,
        name=body.name,
        folder=Path(),
        console=body.console,
        console_type=body.console_type,
        properties=properties,
        startup_script=body.startup_script,
        mac_id=preferred_mac_id(node_id),
        custom_adapters=body.custom_adapters,
        emit=_ignore,
    )
    with _named_as_sent():
        return driven_node_view(await api.controller.hosted.create_node(project, spec))


async def get_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> dict[str, Any]:
    """One node of a project."""
    async with locked(api, project_id, node_type, node_id) as node:
        return driven_node_view(node)


async def change_node(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, changes: dict[str, Any]
) -> dict[str, Any]:
    """Change the name, the console or properties of a node."""
    async with locked(api, project_id, node_type, node_id) as node:
        if changes.get("startup_script", "") is None:
            del changes["startup_script"]
        with _named_as_sent():
            await node.update(changes)
        return driven_node_view(node)


async def delete_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> None:
    """Delete a node with its files."""
    async with locked(api, project_id, node_type, node_id, to_stop=True) as node:
        await node.delete()


async def copy_node(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, destination_node_id: UUID
) -> dict[str, Any]:
    """Copy the files of a node into the folder of another one of its type, and return that."""
    if destination_node_id == node_id:
        raise Conflict("destination_node_id: is the node itself")
    async with AsyncExitStack() as locks:
        nodes: dict[UUID, DrivenNode] = {}
        for each in sorted((node_id, destination_node_id)):  # always in the same order, to avoid deadlocks
            nodes[each] = await locks.enter_async_context(locked(api, project_id, node_type, each))
        await copy_files(nodes[node_id].instance, nodes[destination_node_id].instance)
        return driven_node_view(nodes[destination_node_id])


async def start_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> dict[str, Any]:
    """Start a node. The reply shows it as started."""
    async with driven_action(
        api.controller, client_of(api.http.scope), project_id, node_type, node_id, "start"
    ) as node:
        return driven_node_view(node)


async def stop_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> None:
    """Stop a node of a project."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, node_type, node_id, "stop"):
        pass


async def suspend_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> None:
    """Suspend a node. As in GNS3, this does nothing for types that cannot be suspended."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, node_type, node_id, "suspend"):
        pass


async def reload_node(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> None:
    """Stop and start a node."""
    async with driven_action(api.controller, client_of(api.http.scope), project_id, node_type, node_id, "reload"):
        pass


async def reset_console(api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID) -> None:
    """Disconnect all clients of a node's console."""
    async with locked(api, project_id, node_type, node_id) as node:
        await node.instance.reset_console()


async def console_ws(
    context: ApiContext, websocket: WebSocket, project_id: UUID, node_type: str, node_id: UUID
) -> None:
    """A node's console as a websocket; 409 while it is stopped."""
    client = context.controller.hosted.identify(client_of(websocket.scope), project_id)
    async with driven_node(context.controller, client, project_id, node_type, node_id) as node:
        if node.instance.status != "started":
            raise Conflict(f"Node '{node.instance.name}' is not started")
    await serve_console(websocket, node.instance, context.closing)


# --- ports ---


async def udp_nio(kind: str, lport: int, rhost: str, rport: int, filters: Mapping[str, Any], suspend: bool) -> UdpNio:
    """The tunnel of a NIO. Raises Conflict for NIOs of other kinds, Invalid for a wrong value."""
    if kind != "nio_udp":
        raise Conflict(f"type: {kind} is not supported here: links are UDP tunnels, a cloud has the other ports")
    for name, port in (("lport", lport), ("rport", rport)):
        if not 1 <= port <= MAX_PORT:
            raise Invalid(f"{name}: {port} is not a port from 1 to {MAX_PORT}")
    if not rhost:
        raise Invalid("rhost: is empty")
    return UdpNio(lport, rhost, rport, await checked_filters(filters), suspend)


async def unbind_nio(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int
) -> None:
    """Disconnect a port from its tunnel."""
    async with locked(api, project_id, node_type, node_id) as node:
        await node.unbind_nio((adapter_number, port_number))


async def start_capture(
    api: ApiRequest,
    project_id: UUID,
    node_type: str,
    node_id: UUID,
    adapter_number: int,
    port_number: int,
    body: CaptureStart,
) -> dict[str, str]:
    """Capture the frames of a port into a file."""
    name = check_file_name("capture_file_name", body.capture_file_name)
    async with locked(api, project_id, node_type, node_id) as node:
        path = await node.start_capture((adapter_number, port_number), name, body.data_link_type)
    return {"pcap_file_path": str(path)}


async def stop_capture(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int
) -> None:
    """Stop the capture of a port."""
    async with locked(api, project_id, node_type, node_id) as node:
        await node.stop_capture((adapter_number, port_number))


async def stream_capture(
    api: ApiRequest, project_id: UUID, node_type: str, node_id: UUID, adapter_number: int, port_number: int
) -> CaptureStream:
    """The capture of a port as a stream: from its beginning, then frames as they come."""
    async with locked(api, project_id, node_type, node_id) as node:
        capture = node.capture((adapter_number, port_number))
    if capture is None:
        raise Conflict(f"Port {adapter_number}/{port_number} is not being captured")
    return CaptureStream(capture, api.context.closing)
