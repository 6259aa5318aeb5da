"""Creates nodes on a compute of another host: one request for many at one of ours, and GNS3's requests otherwise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import trio

from gns3trio.compute.extensions import BATCHES
from gns3trio.compute.interface import TellNode
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.node_types import node_types
from gns3trio.compute.remote.batches import by_node, in_requests, node_body, read_mac_id, to_the_end
from gns3trio.compute.remote.http import CREATE_SECONDS
from gns3trio.compute.remote.node import RemoteNode
from gns3trio.compute.remote.node_view import NO_VIEW, read_node
from gns3trio.compute.remote.parts import Host
from gns3trio.compute.remote.projects import RemoteProjects
from gns3trio.errors import Conflict, LabError, Unavailable
from gns3trio.slices import Slices, for_all

# The most IOU nodes of a host.
_MOST_IOU = 512
# Requests of GNS3's API at a time.
_AT_A_TIME = 64


class NodeCreation:
    """Creates nodes in the table ``nodes``. ``opened`` is called when a project was opened for them."""

    def __init__(
        self,
        compute: Host,
        projects: RemoteProjects,
        nodes: dict[UUID, RemoteNode],
        opened: Callable[[UUID], None],
    ) -> None:
        self._compute = compute
        self._projects = projects
        self._nodes = nodes
        self._opened = opened

    async def create(self, specs: Sequence[NodeSpec], told: TellNode) -> None:
        """As ``Compute.create_nodes``."""
        places: list[int] = []
        for place, spec in enumerate(specs):
            if spec.node_id in self._nodes:
                told(place, Conflict(f"node_id: node {spec.node_id} exists already in another project"))
            else:
                places.append(place)
        by_project: dict[UUID, list[int]] = {}
        for place in places:
            by_project.setdefault(specs[place].project_id, []).append(place)
        for project_id, those in by_project.items():
            try:
                first = specs[those[0]]
                await self._projects.open(project_id, first.project_name, first.project_variables)
            except LabError as error:
                for place in those:
                    told(place, error)
                continue
            self._opened(project_id)
            create = self._create_at_once if self._compute.has_extension(BATCHES) else self._create_singly
            await create(project_id, specs, those, told)

    def _leave(self, nodes: Iterable[RemoteNode]) -> None:
        """These may be there, but nobody has them."""
        for node in nodes:
            self._projects.leave_node(node.node_id, node.path)
        self._compute.begin(self._delete_left)

    async def _delete_left(self) -> None:
        with suppress(Unavailable):  # it is done when the compute returns
            await self._projects.delete_left_nodes()

    # --- one of ours ---

    async def _create_at_once(
        self, project_id: UUID, specs: Sequence[NodeSpec], places: Sequence[int], told: TellNode
    ) -> None:
        for those, bodies in await in_requests(places, lambda place: node_body(specs[place])):
            wanted = [specs[place] for place in those]
            try:
                made = await to_the_end(
                    self._compute.begin, partial(self._request, project_id, wanted, bodies), self._undo
                )
            except LabError as error:
                if isinstance(error, Unavailable):  # they may be made there all the same
                    self._leave(RemoteNode(self._compute, spec, NO_VIEW) for spec in wanted)
                for place in those:
                    told(place, error)
                continue
            slices, waiting = Slices(), list(zip(those, made, strict=True))[::-1]
            try:
                while waiting:
                    place, node = waiting.pop()
                    if isinstance(node, RemoteNode):
                        self._nodes[node.node_id] = node
                    told(place, node)
                    await slices.pause()
            except BaseException:
                await self._undo([node for _, node in waiting])
                raise

    async def _undo(self, made: Sequence[RemoteNode | LabError]) -> None:
        self._leave(node for node in made if isinstance(node, RemoteNode))

    async def _request(
        self, project_id: UUID, specs: Sequence[NodeSpec], bodies: object
    ) -> list[RemoteNode | LabError]:
        for spec in specs:
            await self._projects.delete_left_node(spec.node_id)
        where = f"compute '{self._compute.address.name}'"
        answer = await self._compute.reach().request(
            "POST",
            f"projects/{project_id}/batch/create",
            {"nodes": bodies, "reserved_mac_ids": self._projects.reserved_numbers(project_id)},
            seconds=CREATE_SECONDS,
        )
        made: list[RemoteNode | LabError] = []
        slices = Slices()
        for spec, part in zip(specs, by_node(answer, specs, where), strict=True):
            made.append(self._read(spec, part, where))
            await slices.pause()
        return made

    def _read(self, spec: NodeSpec, part: Mapping[str, Any] | LabError | None, where: str) -> RemoteNode | LabError:
        if isinstance(part, LabError):
            return part
        node = RemoteNode(self._compute, spec, NO_VIEW)
        view = read_node(part.get("node"), spec.node_type) if part is not None else None
        if view is None:
            self._leave([node])
            return Conflict(f"{where}: its answer shows no node")
        node.view, node.mac_id = view, read_mac_id(part or {})
        if spec.engine is not None:
            node.run_by(spec.engine)
        return node

    # --- one of GNS3 ---

    async def _create_singly(
        self, project_id: UUID, specs: Sequence[NodeSpec], places: Sequence[int], told: TellNode
    ) -> None:
        """By GNS3's requests, many at a time. Nodes that the compute numbers are created one after the other, in the
        order of their numbers.
        """

        async def create(place: int) -> None:
            try:
                node = await self._create_one(specs[place])
            except LabError as error:
                told(place, error)
            else:
                told(place, node)

        async def create_in_order(places: Iterable[int]) -> None:
            for place in places:
                await create(place)

        def number(place: int) -> tuple[bool, int]:
            mac_id = specs[place].mac_id
            return mac_id is None, mac_id or 0

        numbered = [place for place in places if node_types[specs[place].node_type].is_numbered]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(create_in_order, sorted(numbered, key=number))
            others = [place for place in places if not node_types[specs[place].node_type].is_numbered]
            await for_all(others, create, _AT_A_TIME)

    async def _create_one(self, spec: NodeSpec) -> RemoteNode:
        http = self._compute.reach()
        await self._projects.open(spec.project_id, spec.project_name, spec.project_variables)
        path = f"projects/{spec.project_id}/{spec.node_type}/nodes"
        await self._projects.delete_left_node(spec.node_id)
        node = RemoteNode(self._compute, spec, NO_VIEW)
        body = await self._body(spec, node)

        async def fill() -> None:
            unseen = {"name": "unused", "node_id": str(uuid4()), "console_type": "none"}
            await http.request("POST", path, unseen)

        async def create() -> None:
            try:
                view = read_node(await http.request("POST", path, body, seconds=CREATE_SECONDS), spec.node_type)
            except (trio.Cancelled, Unavailable):  # it may be made there all the same
                self._leave([node])
                raise
            if view is None:
                raise Conflict(f"compute '{self._compute.address.name}': its answer shows no node")
            node.view = view
            self._nodes[spec.node_id] = node

        if node_types[spec.node_type].is_numbered:
            project = self._projects[spec.project_id]
            async with project.numbering:
                number = await project.numbers.skip(spec.mac_id, fill)
                await create()
                if number is not None:
                    node.mac_id, project.numbers.used[number] = number, spec.node_id
        else:
            await create()
        return node

    async def _body(self, spec: NodeSpec, node: RemoteNode) -> dict[str, Any]:
        # As GNS3's controller does: its computes reject some empty values that they show themselves.
        properties = {name: value for name, value in spec.properties.items() if value is not None and value != ""}
        if spec.node_type == "iou" and "application_id" not in properties:
            properties["application_id"] = self._free_application_id()
        in_properties = properties.pop("startup_script", None)
        script = spec.startup_script
        if script is None and in_properties is not None and await node.startup_script() is None:
            script = in_properties
        common = {
            "name": spec.name,
            "node_id": str(spec.node_id),
            "console": spec.console,
            "console_type": spec.console_type,
            "startup_script": script,
            "custom_adapters": spec.custom_adapters or None,
        }
        return {**properties, **{name: value for name, value in common.items() if value is not None}}

    def _free_application_id(self) -> int:
        """GNS3's controller numbers IOU nodes: the number is that of their MAC addresses and of a file they share."""
        taken = {node.view.properties.get("application_id") for node in self._nodes.values() if node.node_type == "iou"}
        return next((number for number in range(1, _MOST_IOU + 1) if number not in taken), _MOST_IOU)
