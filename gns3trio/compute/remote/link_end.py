"""The end of a link at a node of another host: a UDP tunnel.

A compute of GNS3 has GNS3's filters at most. One of ours has all conditions at every node, which routes of ours change.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs

from gns3trio.compute.captures import MAX_CAPTURES, CaptureSpec
from gns3trio.compute.extensions import CAPTURES, LINK_CONDITIONS, REPORTS
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.remote.capture import RemoteCapture, check_spec
from gns3trio.compute.remote.counters import RemoteCounters
from gns3trio.compute.remote.parts import LinkedNode
from gns3trio.compute.remote.streamed_capture import StreamedCapture
from gns3trio.conditions.impairments import describe
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict, Invalid, NotFound

# GNS3's nodes of these types pass frames on without ubridge, which filters. Measured with gns3-server 2.2.61.
_WITHOUT_FILTERS = frozenset({"ethernet_switch", "ethernet_hub", "frame_relay_switch", "atm_switch"})
# GNS3's own way to suspend a link: its filters give way to one that drops every frame.
_DROP_ALL = {"frequency_drop": [-1]}


def nio_body(nio: UdpNio, node_type: str, *, is_ours: bool) -> dict[str, Any]:
    """A tunnel in the form of the compute API, for a compute of ours or of GNS3. A node of GNS3 without filters cannot
    be suspended either.
    """
    if not is_ours and not has_filters(node_type):
        nio = attrs.evolve(nio, filters={}, suspend=False)
    return {
        "type": "nio_udp",
        "lport": nio.lport,
        "rhost": nio.remote_host,
        "rport": nio.rport,
        "filters": _DROP_ALL if nio.suspend and not is_ours else _as_lists(nio.filters),
        "suspend": nio.suspend,
    }


def _as_lists(filters: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in filters.items()}


def conditions_body(conditions: LinkConditions, *, is_first: bool) -> dict[str, Any]:
    """Conditions in the form of our extension."""
    return {
        "filters": _as_lists(conditions.filters),
        "impairments": [describe(impairment) for impairment in conditions.impairments],
        "seed": conditions.seed,
        "suspend": conditions.suspend,
        "is_first": is_first,
    }


def has_filters(node_type: str) -> bool:
    """Whether nodes of the type have filters at their ports at a compute of GNS3."""
    return node_type not in _WITHOUT_FILTERS


class RemoteLinkEnd:
    """One end of a link: of the tunnel ``nio``, or of a link inside a compute of ours."""

    def __init__(
        self,
        node: LinkedNode,
        port: tuple[int, int],
        nio: UdpNio | None,
        counters: RemoteCounters,
        *,
        suspended: bool,
    ) -> None:
        self.is_open = True
        self.captures: list[RemoteCapture | StreamedCapture] = []
        self._node = node
        self._port = port
        self._nio = nio
        self._counters = counters
        self._counter_ids = counters.add(PortPlace(node.project_id, node.node_id, *port))
        self._is_suspended: bool | None = suspended  # None: not known, because a request broke off

    @property
    def port_path(self) -> str:
        """Where its port is in the API of the compute."""
        return self._node.port_path(self._port)

    @property
    def counter_ids(self) -> tuple[int, int] | None:
        """The ids of its counters; None if its compute does not report them."""
        return self._counter_ids if self._node.has_extension(REPORTS) else None

    @property
    def knows_impairments(self) -> bool:
        """Whether its compute is one of ours."""
        return self._node.has_extension(LINK_CONDITIONS)

    @property
    def knows_filters(self) -> bool:
        """Whether frames can be filtered here."""
        return self.knows_impairments or has_filters(self._node.node_type)

    async def apply(self, conditions: LinkConditions, *, is_first: bool) -> None:
        """Replace the conditions in one step. GNS3's filters act in both directions."""
        if self.knows_impairments:
            await self._put("conditions", conditions_body(conditions, is_first=is_first), suspend=conditions.suspend)
            return
        if conditions.impairments:
            raise Conflict("impairments: a compute of another host knows GNS3's filters only")
        filters: dict[str, Sequence[Any]] = dict(conditions.filters)
        await self._change_nio(attrs.evolve(self._own_nio(), filters=filters, suspend=conditions.suspend))

    async def suspend(self, suspended: bool) -> None:
        """Suspend the end, or let frames pass the conditions again."""
        if not self.knows_impairments:
            await self._change_nio(attrs.evolve(self._own_nio(), suspend=suspended))
        elif suspended is not self._is_suspended:
            await self._put("suspension", {"suspend": suspended}, suspend=suspended)

    async def _put(self, what: str, body: dict[str, Any], *, suspend: bool) -> None:
        before, self._is_suspended = self._is_suspended, None
        try:
            await self._node.request("PUT", f"{self.port_path}/{what}", body)
        except (Invalid, Conflict, NotFound):
            self._is_suspended = before
            raise
        self._is_suspended = suspend

    def _own_nio(self) -> UdpNio:
        if self._nio is None:
            raise Conflict(f"compute '{self._node.compute_name}' has lost what it could do")
        return self._nio

    async def _change_nio(self, nio: UdpNio) -> None:
        if nio == self._nio:
            return
        if not self.knows_filters:
            if nio.filters:
                raise Conflict(
                    f"filters: nodes of type {self._node.node_type} have none on '{self._node.compute_name}'"
                )
            self._nio = nio  # the other end drops the frames
            return
        body = nio_body(nio, self._node.node_type, is_ours=False)
        body["filters"] = body["filters"] or self._node.dialect.no_filters
        await self._node.request("PUT", f"{self.port_path}/nio", body)
        self._nio = nio

    @property
    def most_captures(self) -> int:
        """One at a compute of GNS3."""
        return MAX_CAPTURES if self._node.has_extension(CAPTURES) else 1

    async def capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> RemoteCapture | StreamedCapture:
        """Start a capture, whose records come from the compute into files of the controller, if they are saved.

        Raises Conflict for what a compute of GNS3 cannot do, or if it captures here already.
        """
        was_lost = any(capture.error is not None for capture in self.captures)
        self.captures = [capture for capture in self.captures if capture.running]
        if self._node.has_extension(CAPTURES):
            streamed = self._node.new_streamed_capture(spec, failed)
            self.captures.append(streamed)
            try:
                await self._node.start_streamed_capture(self._port, streamed)
            except BaseException:
                self.captures.remove(streamed)
                raise
            return streamed
        check_spec(spec)
        if self.captures:
            raise Conflict("a compute of another host has one capture at an end of a link")
        if was_lost:  # the compute may still capture: it was away when that ended
            with suppress(Conflict, NotFound):
                await self._node.request("POST", f"{self.port_path}/{self._node.dialect.stop_capture}")
        capture = await self._node.start_capture(self._port, spec, failed)
        self.captures = [capture]
        return capture

    def close(self) -> None:
        """The port is connected to something else, or to nothing. Its captures end."""
        self.is_open = False
        self._counters.remove(self._counter_ids)
        for capture in self.captures:
            capture.abandon()
