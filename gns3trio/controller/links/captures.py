"""Captures on the links of a project: the single capture of GNS3's API, and additional ones."""

import re
import time
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.expressions import require_expression
from gns3trio.compute.interface import ComputeNode
from gns3trio.conditions.core_filter import Direction
from gns3trio.conditions.expressions import with_protocols
from gns3trio.conditions.impairments import LinkDirection
from gns3trio.controller.changes import LinkChanged
from gns3trio.controller.context import ProjectContext
from gns3trio.controller.links.link import Link, LinkCapture, PortAddress
from gns3trio.controller.links.wiring import Wiring
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, Invalid, LabError, NotFound, Unavailable
from gns3trio.limits import MAX_SNAPLEN
from gns3trio.printable import is_plain_name
from gns3trio.project_layout import CAPTURES
from gns3trio.slices import for_all
from gns3trio.traffic.captures import FileRing, link_type

_ODD_CHARACTERS = re.compile(r"[^\w.-]")
_MAX_FILE_NAME_BYTES = 200
# The most characters of each node's name in a generated file name, which contains two of them, their ports and an id.
_MAX_NODE_NAME_BYTES = 60
_STOPS_AT_A_TIME = 64


@frozen(kw_only=True)
class CaptureOptions:
    """Parameters of an additional capture.

    If ``file_name`` is None, a name is generated. Without ``save`` there are only streams, and the capture ends with
    the last one. A ring (``ring_files``) begins a new file after ``ring_bytes`` or ``ring_seconds`` and keeps the last
    ones. ``direction``: frames from the first node of the link to the second are ``a_to_b``. The ``expression``
    may have names of protocols, such as ``dhcp``.
    """

    file_name: str | None = None
    save: bool = True
    format: Literal["pcap", "pcapng"] = "pcapng"
    snaplen: int = MAX_SNAPLEN
    direction: LinkDirection = "both"
    expression: str = ""
    comment: str = ""
    ring_files: int | None = None
    ring_bytes: int | None = None
    ring_seconds: float | None = None

    def ring(self) -> FileRing | None:
        """The ring of files. Raises Invalid if its parameters are incomplete."""
        if self.ring_files is None:
            if self.ring_bytes is not None or self.ring_seconds is not None:
                raise Invalid("ring_files: a ring needs the number of its files")
            return None
        if self.ring_bytes is None and self.ring_seconds is None:
            raise Invalid("ring_bytes: a ring needs this or ring_seconds")
        return FileRing(files=self.ring_files, max_bytes=self.ring_bytes, max_seconds=self.ring_seconds)


def check_file_name(field: str, name: str) -> str:
    """The name of a file in the captures' folder. Raises Invalid."""
    if not is_plain_name(name, _MAX_FILE_NAME_BYTES):
        raise Invalid(f"{field}: {name!r} cannot be the name of a capture file")
    return name


class LinkCaptures:
    """Starts and stops the captures of a project's links."""

    def __init__(self, project: ProjectContext, nodes: Mapping[UUID, Node], wiring: Wiring) -> None:
        self._project = project
        self._nodes = nodes
        self._wiring = wiring
        self._ended = False

    # --- the capture of GNS3's API ---

    async def start_gns3(self, link: Link, data_link_type: str, file_name: str | None) -> None:
        """Start the capture of GNS3's API.

        Raises Conflict (one is running already, no end of the link runs, no file) or Invalid.
        """
        link_type(data_link_type)  # raises Invalid for an unknown type
        name = check_file_name("capture_file_name", file_name or f"{self._name(link)}.pcap")
        async with link.lock:
            if link.gns3_capture is not None:
                raise Conflict(f"link {link.link_id}: is being captured already")
            node_id = self._capturing_end(link)
            path = self._free_path("capture_file_name", name)
            spec = CaptureSpec(path=path, data_link_type=data_link_type)
            await self._start(link, spec, node_id=node_id, is_gns3=True, file_name=name)
            link.last_capture_file = name
        self._project.publish(LinkChanged(link))

    async def stop_gns3(self, link: Link) -> None:
        """Stop it. Does nothing if there is none."""
        async with link.lock:
            shown = link.gns3_capture
            if shown is not None:
                await self._stop(link, shown)
        self._project.publish(LinkChanged(link))

    def _capturing_end(self, link: Link) -> UUID:
        """The node at whose end GNS3 captures."""
        ends = [self._nodes.get(address.node_id) for address in link.addresses]
        running = [node for node in ends if node is not None and node.status == "started"]
        if not running:
            raise Conflict(f"link {link.link_id}: cannot be captured because neither of its nodes is running")
        return next((node for node in running if _always_runs(node.instance)), running[0]).node_id

    async def stop_of_node(self, links: Iterable[Link], node_id: UUID) -> None:
        """Called when a node has stopped: stop the captures of GNS3's API at its end of its ``links``."""
        for link in links:
            shown = link.gns3_capture
            if shown is not None and shown.node_id == node_id:
                await self.stop_gns3(link)

    # --- additional captures ---

    async def start(self, link: Link, request: CaptureOptions) -> LinkCapture:
        """Start an additional capture. Raises Conflict or Invalid."""
        ring = request.ring()
        if request.comment and request.format == "pcap":
            raise Invalid("comment: the format pcap has no place for one")
        name = request.file_name
        if name is not None:
            check_file_name("file_name", name)
        expression = with_protocols(request.expression)
        if expression:
            try:
                await require_expression(expression)
            except Invalid as error:
                raise Invalid(f"expression: {error}") from None
        async with link.lock:
            most = self._captures_per_link(link)
            if len(link.captures) >= most:
                raise Conflict(f"link {link.link_id}: has {most} captures already")
            capture_id = uuid4()
            if name is None and request.save:
                name = f"{self._name(link)}_{capture_id}.{request.format}"
            spec = CaptureSpec(
                path=self._free_path("file_name", name) if name is not None and request.save else None,
                ring=ring,
                pcapng=request.format == "pcapng",
                snaplen=request.snaplen,
                expression=expression,
                comment=request.comment,
            )
            return await self._start(
                link,
                spec,
                node_id=self._first_node(link),
                is_gns3=False,
                capture_id=capture_id,
                direction=request.direction,
                file_name=name if request.save else None,
            )

    def get(self, link: Link, capture_id: UUID) -> LinkCapture:
        """An additional capture by its id. Raises NotFound."""
        try:
            return link.captures[capture_id]
        except KeyError:
            raise NotFound(f"Capture ID {capture_id} doesn't exist") from None

    async def stop(self, link: Link, capture_id: UUID) -> None:
        """Stop a capture; its file is kept. Raises NotFound."""
        async with link.lock:
            capture = self.get(link, capture_id)
            await self._stop(link, capture)
        if capture.is_gns3:
            self._project.publish(LinkChanged(link))

    async def stream_left(self, link: Link, capture: LinkCapture) -> None:
        """Called when a stream of a capture has ended. A capture that is not saved is stopped after its last stream."""
        if capture.file_name is not None or capture.capture.is_streamed:
            return
        async with link.lock:
            if not capture.capture.is_streamed and capture.capture_id in link.captures:
                await self._stop(link, capture)

    async def stop_link(self, link: Link) -> None:
        """Stop all captures of a link that is being deleted. The caller holds its lock, and removes the link
        afterwards.
        """
        async with trio.open_nursery() as nursery:
            for capture in link.captures.values():
                nursery.start_soon(self._end, capture)
        link.captures.clear()

    # --- while the link is made again ---

    async def set_aside(self, link: Link) -> list[LinkCapture]:
        """Stop all captures of a link; returns those that ``take_up`` can begin again. The caller holds its lock."""
        again = [each for each in link.captures.values() if each.capture.running and each.file_name is not None]
        await self.stop_link(link)
        return again

    async def take_up(self, link: Link, captures: Iterable[LinkCapture]) -> None:
        """Begin captures again, with the same ids, in new files beside those that they had. The caller holds the lock
        of the link.
        """
        for each in captures:
            spec = each.capture.spec
            try:
                name = await threads.disk.run(self._next_name, each.file_name or "")
                await self._start(
                    link,
                    attrs.evolve(spec, path=self._free_path("file_name", name)),
                    node_id=each.node_id,
                    is_gns3=each.is_gns3,
                    file_name=name,
                    capture_id=each.capture_id,
                    direction=each.direction,
                )
            except LabError as error:
                self._project.log("error", f"capture {each.file_name} does not go on: {error}")
                continue
            if each.is_gns3:
                link.last_capture_file = name

    def _next_name(self, name: str) -> str:
        """The first of NAME-2, NAME-3 and so on that is free."""
        stem, dot, suffix = name.rpartition(".")
        if not stem:
            stem, dot, suffix = name, "", ""
        names = {path.name for path in (self._project.folder / CAPTURES).glob("*")}
        numbered = (f"{stem}-{number}{dot}{suffix}" for number in count(2))
        return next(each for each in numbered if each not in names)

    async def stop_for_good(self, links: Iterable[Link]) -> None:
        """Stop the captures of all ``links``. Captures that wait for their start are rejected."""
        self._ended = True
        await for_all(list(links), self._stop_locked, _STOPS_AT_A_TIME)

    async def _stop_locked(self, link: Link) -> None:
        async with link.lock:  # wait for a capture that is just being started
            await self.stop_link(link)

    # --- both ---

    async def _start(
        self,
        link: Link,
        spec: CaptureSpec,
        *,
        node_id: UUID,
        is_gns3: bool,
        file_name: str | None,
        capture_id: UUID | None = None,
        direction: LinkDirection = "both",
    ) -> LinkCapture:
        if self._ended or self._wiring.links.get(link.link_id) is not link:  # while waiting for the link's lock
            raise NotFound(f"Link ID {link.link_id} doesn't exist")
        side = self._capturing_side(link)
        end = self._wiring.ends(link)[side] if side is not None else None
        if side is None or end is None:
            raise Conflict(f"link {link.link_id}: is not wired on this host")
        captured = self._nodes[link.addresses[side].node_id]
        names = [self._end_name(address) for address in link.addresses]
        if side == 1:
            names.reverse()
        spec = attrs.evolve(
            spec, direction=_seen_from(direction, at_first_end=side == 0), interfaces=(names[0], names[1])
        )
        capture = await end.capture(spec, lambda message: self._failed(link, message))
        started = LinkCapture(
            capture_id=capture_id or uuid4(),
            capture=capture,
            is_gns3=is_gns3,
            node_id=node_id,
            compute_id=captured.record.compute_id,
            file_name=file_name,
            started_at=time.time(),
            direction=direction,
        )
        link.captures[started.capture_id] = started
        return started

    async def _stop(self, link: Link, capture: LinkCapture) -> None:
        await self._end(capture)
        link.captures.pop(capture.capture_id, None)

    async def _end(self, capture: LinkCapture) -> None:
        """A compute that is away ends it, if it comes back at all, with the end of its link."""
        try:
            await capture.capture.stop()
        except Unavailable as error:
            self._project.log("error", f"capture {capture.capture_id} was not ended as usual: {error}")

    def _failed(self, link: Link, message: str) -> None:
        """Called when a capture has stopped by itself. The capture of GNS3's API is removed; additional ones show their
        error.
        """
        shown = link.gns3_capture
        if shown is not None and not shown.capture.running:
            del link.captures[shown.capture_id]
            self._project.publish(LinkChanged(link))
        self._project.log("error", message)

    def _free_path(self, field: str, name: str) -> Path:
        path = self._project.folder / CAPTURES / name
        if any(compute.is_capturing_to(path) for compute in self._project.services.computes.driven()):
            raise Conflict(f"{field}: {name} is being written by another capture")
        return path

    def _end_name(self, address: PortAddress) -> str:
        node = self._nodes.get(address.node_id)
        name = node.name if node is not None else str(address.node_id)
        return f"{name}_{address.adapter_number}-{address.port_number}"

    def _capturing_side(self, link: Link) -> int | None:
        """The end at which the link is captured, 0 or 1: the first, unless only the second exists, or can do more.
        None if neither exists.
        """
        ends = self._wiring.ends(link)[:2]
        present = [side for side, end in enumerate(ends) if end is not None]
        return max(present, key=lambda side: end.most_captures if (end := ends[side]) is not None else 0, default=None)

    def _captures_per_link(self, link: Link) -> int:
        """How many a link may have, as the compute of the capturing end says."""
        side = self._capturing_side(link)
        end = self._wiring.ends(link)[side] if side is not None else None
        return end.most_captures if end is not None else 1

    def _first_node(self, link: Link) -> UUID:
        if not link.addresses:
            raise Conflict(f"link {link.link_id}: has no ends")
        return link.addresses[0].node_id

    def _name(self, link: Link) -> str:
        """The name for a link's captures. Links in files may have no ends, and names of hidden
        files are not allowed.
        """
        return "_to_".join(self._short_end_name(address) for address in link.addresses).lstrip(".") or str(link.link_id)

    def _short_end_name(self, address: PortAddress) -> str:
        name, _, port = self._end_name(address).rpartition("_")
        short = _ODD_CHARACTERS.sub("", name).encode()[:_MAX_NODE_NAME_BYTES].decode(errors="ignore")
        return f"{short}_{port}"


def _always_runs(instance: ComputeNode | None) -> bool:
    return instance is not None and instance.always_runs


def _seen_from(direction: LinkDirection, *, at_first_end: bool) -> Direction:
    if direction == "both":
        return "both"
    return "out" if (direction == "a_to_b") == at_first_end else "in"
