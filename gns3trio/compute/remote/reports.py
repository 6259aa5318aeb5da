"""What a compute of ours reports beside GNS3's notifications: counters, what else is known of nodes, warnings.

``gns3trio/api/v2/compute_reports.py`` sends the reports. Nothing in them is trusted.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol
from uuid import UUID

import attrs
import trio

from gns3trio.classes import frozen
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.remote.counters import RemoteCounters
from gns3trio.compute.remote.http import ComputeHttp
from gns3trio.compute.remote.pace import Pace
from gns3trio.compute.remote.session import Session, open_session
from gns3trio.errors import LabError
from gns3trio.limits import MAX_TEXT
from gns3trio.printable import without_hidden
from gns3trio.slices import Slices
from gns3trio.traffic.counters import PortCounters

log = logging.getLogger(__name__)

# Before the next attempt, if the reports end while the compute is there.
_PAUSE_SECONDS = 5.0
_MOST_PER_SECOND = 200
# Each node and message costs the clients of this server, too.
_NODES_PER_SECOND = 2000
_MESSAGES_PER_SECOND = 100
_MAX_COUNT = 2**63
_MAX_TROUBLES = 4096
_MAX_MAC_ID = 2**24
_REASONS = tuple(PortCounters().rx_drops)
_TOTALS = [field.name for field in attrs.fields(PortCounters) if field.type is int]


@frozen(kw_only=True)
class NodeFacts:
    """What a compute of ours tells of a node beyond GNS3's shape. ``troubles`` are those of linked ports."""

    exit_reason: str | None = None
    engine: str | None = None
    has_default_engine: bool = True
    mac_id: int | None = None
    troubles: Mapping[tuple[int, int], str] = attrs.field(factory=dict)


class ReportTaker(Protocol):
    """What is done with reports."""

    def node_reported(self, project_id: UUID, node_id: UUID, facts: NodeFacts) -> None:
        """A node has changed, perhaps."""

    def warning_reported(self, project_id: UUID, level: Literal["warning", "info"], text: str) -> None:
        """A node has something to say."""


class Reports:
    """The reports of one compute about the projects that are open there."""

    def __init__(self, counters: RemoteCounters, taker: ReportTaker) -> None:
        self._counters = counters
        self._taker = taker
        self._projects: set[UUID] = set()
        self._watch = trio.Event()

    def watch(self, project_id: UUID) -> None:
        """A project was opened there."""
        if project_id not in self._projects:
            self._projects.add(project_id)
            self._watch.set()

    def forget(self, project_id: UUID) -> None:
        """A project was closed there."""
        if project_id in self._projects:
            self._projects.discard(project_id)
            self._watch.set()

    async def run(self, http: ComputeHttp) -> None:
        """Take reports until the compute cannot be reached any more."""
        while not http.is_aborted:
            try:
                async with open_session(http, "reports/ws") as session, trio.open_nursery() as nursery:
                    nursery.start_soon(self._send_watched, session)
                    await self._receive(session)
            except LabError as error:
                log.info("%s", error)
            if not http.is_aborted:
                await trio.sleep(_PAUSE_SECONDS)

    async def _send_watched(self, session: Session) -> None:
        while True:
            self._watch = trio.Event()
            await session.send({"project_ids": [str(project_id) for project_id in self._projects]})
            await self._watch.wait()

    async def _receive(self, session: Session) -> None:
        pace, slices = Pace(_MOST_PER_SECOND), Slices()
        of_nodes, of_messages = Pace(_NODES_PER_SECOND), Pace(_MESSAGES_PER_SECOND)
        while True:
            await pace.wait()
            reports = await session.receive()
            if isinstance(reports, bytes):
                continue
            for each in _objects(reports.get("counters")):
                if (place := _place(each)) is not None:
                    device = each.get("device")
                    self._counters.take(
                        place, read_counters(each.get("end")), read_counters(device) if device is not None else None
                    )
                await slices.pause()
            for each in _objects(reports.get("nodes")):
                if (ids := _ids(each)) is not None:
                    await of_nodes.wait()
                    self._taker.node_reported(*ids, read_facts(each))
                await slices.pause()
            for each in _objects(reports.get("messages")):
                ids, level, text = _ids(each), each.get("level"), each.get("message")
                if ids is not None and (level == "warning" or level == "info") and isinstance(text, str):
                    await of_messages.wait()
                    self._taker.warning_reported(ids[0], level, without_hidden(text[:MAX_TEXT]))


def _objects(value: Any) -> Iterable[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _ids(value: Mapping[str, Any]) -> tuple[UUID, UUID] | None:
    try:
        return UUID(value["project_id"]), UUID(value["node_id"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _port(value: Mapping[str, Any]) -> tuple[int, int] | None:
    adapter, port = value.get("adapter_number"), value.get("port_number")
    return (adapter, port) if type(adapter) is int and type(port) is int else None


def _place(value: Mapping[str, Any]) -> PortPlace | None:
    ids, port = _ids(value), _port(value)
    return PortPlace(*ids, *port) if ids is not None and port is not None else None


def _text(value: Any) -> str | None:
    return without_hidden(value[:MAX_TEXT]) if isinstance(value, str) else None


def read_counters(value: Any) -> PortCounters:
    """Counters; 0 for each that is left out, or that is no count."""
    if not isinstance(value, dict):
        return PortCounters()
    return PortCounters(
        **{name: _count(value[name]) for name in _TOTALS if name in value},
        rx_drops=_drops(value.get("rx_drops")),
        tx_drops=_drops(value.get("tx_drops")),
        rx_offloaded=value.get("rx_offloaded") is True,
    )


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < _MAX_COUNT else 0


def _drops(value: Any) -> dict[str, int]:
    told = value if isinstance(value, dict) else {}
    return {reason: _count(told.get(reason, 0)) for reason in _REASONS}


def read_facts(value: Mapping[str, Any]) -> NodeFacts:
    """What is told of a node; what is wrong is left out."""
    mac_id, troubles = value.get("mac_id"), {}
    for each in list(_objects(value.get("troubles")))[:_MAX_TROUBLES]:
        port, trouble = _port(each), _text(each.get("trouble"))
        if port is not None and trouble:
            troubles[port] = trouble
    return NodeFacts(
        exit_reason=_text(value.get("exit_reason")),
        engine=_text(value.get("engine")),
        has_default_engine=value.get("has_default_engine") is not False,
        mac_id=mac_id if type(mac_id) is int and 0 <= mac_id < _MAX_MAC_ID else None,
        troubles=troubles,
    )
