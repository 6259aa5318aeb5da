"""The end of a link at a node of another host: a UDP tunnel, with GNS3's filters."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.remote.capture import RemoteCapture, check_spec
from gns3trio.compute.remote.parts import LinkedNode
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict

# GNS3's nodes of these types pass frames on without ubridge, which filters. Measured with gns3-server 2.2.61.
_WITHOUT_FILTERS = frozenset({"ethernet_switch", "ethernet_hub", "frame_relay_switch", "atm_switch"})
# GNS3's own way to suspend a link: its filters give way to one that drops every frame.
_DROP_ALL = {"frequency_drop": [-1]}


def nio_body(nio: UdpNio, node_type: str) -> dict[str, Any]:
    """A tunnel in the form of the compute API. A node without filters cannot be suspended either."""
    if not has_filters(node_type):
        nio = attrs.evolve(nio, filters={}, suspend=False)
    filters = {name: list(values) for name, values in nio.filters.items()}
    return {
        "type": "nio_udp",
        "lport": nio.lport,
        "rhost": nio.remote_host,
        "rport": nio.rport,
        "filters": _DROP_ALL if nio.suspend else filters,
        "suspend": nio.suspend,
    }


def has_filters(node_type: str) -> bool:
    """Whether nodes of the type have GNS3's filters at their ports."""
    return node_type not in _WITHOUT_FILTERS


class RemoteLinkEnd:
    """One end of a link."""

    counter_ids = None
    knows_impairments = False

    def __init__(self, node: LinkedNode, port: tuple[int, int], nio: UdpNio) -> None:
        self.nio = nio
        self.is_open = True
        self.captures: list[RemoteCapture] = []
        self._node = node
        self._port = port

    @property
    def knows_filters(self) -> bool:
        """Whether frames can be filtered here."""
        return has_filters(self._node.node_type)

    async def apply(self, conditions: LinkConditions, *, is_first: bool) -> None:
        """Set filters and suspension. GNS3's filters act in both directions."""
        if conditions.impairments:
            raise Conflict("impairments: a compute of another host knows GNS3's filters only")
        filters: dict[str, Sequence[Any]] = dict(conditions.filters)
        await self._change(attrs.evolve(self.nio, filters=filters, suspend=conditions.suspend))

    async def suspend(self, suspended: bool) -> None:
        """Suspend the end, or let frames pass the filters again."""
        await self._change(attrs.evolve(self.nio, suspend=suspended))

    async def _change(self, nio: UdpNio) -> None:
        if nio == self.nio:
            return
        if not self.knows_filters:
            if nio.filters:
                raise Conflict(
                    f"filters: nodes of type {self._node.node_type} have none on '{self._node.compute_name}'"
                )
            self.nio = nio  # the other end drops the frames
            return
        await self._node.request("PUT", f"{self._node.port_path(self._port)}/nio", nio_body(nio, self._node.node_type))
        self.nio = nio

    async def capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> RemoteCapture:
        """Start a capture, whose records come from the compute into a file of the controller.

        Raises Conflict for what a compute of GNS3 cannot do, or if it captures here already.
        """
        check_spec(spec)
        if any(capture.running for capture in self.captures):
            raise Conflict("a compute of another host has one capture at an end of a link")
        capture = await self._node.start_capture(self._port, spec, failed)
        self.captures = [capture]
        return capture

    def close(self) -> None:
        """The port is connected to something else, or to nothing. Its captures end."""
        self.is_open = False
        for capture in self.captures:
            capture.abandon()
