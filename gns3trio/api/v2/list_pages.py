"""Parts of the lists of nodes and links: filters and pages; an extension.

A request without these parameters gets GNS3's answer: the whole list. With one of them, the reply has the header
``Gns3trio-Total``, the number of objects that the filters match, and at most ``limit`` of them, from ``offset`` on, in
the order of the whole list.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from gns3trio.api.v2.views import link_view, node_view, record_view, saved_link_view
from gns3trio.classes import frozen
from gns3trio.compute.node_types import node_types
from gns3trio.controller.gns3_format.records import LinkRecord, NodeRecord
from gns3trio.controller.links.link import Link
from gns3trio.controller.project.project import Project
from gns3trio.convert import parse_uuid
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_LINKS
from gns3trio.slices import Slices

TOTAL_HEADER = "Gns3trio-Total"

_PAGE = {
    "limit": f"at most so many, 0 to {MAX_LINKS}; 0 only counts them; an extension, as all parameters of this route",
    "offset": "how many of the matching ones to leave out at the beginning; the default is 0",
}
NODE_STATUSES = ("started", "stopped", "suspended")
LINK_STATUSES = ("up", "down", "suspended")
LINK_TYPES = ("ethernet", "serial")
NODES_QUERY = {
    **_PAGE,
    "name": "only nodes whose name contains this, in upper or lower case",
    "node_type": "only nodes of this type",
    "compute_id": "only nodes of this compute",
    "status": f"only nodes with this status: {', '.join(NODE_STATUSES)}. In a closed project all are stopped",
}
LINKS_QUERY = {
    **_PAGE,
    "name": "only links of nodes whose name contains this, in upper or lower case",
    "node_id": "only links of this node",
    "link_type": f"only links of this type: {', '.join(LINK_TYPES)}",
    "status": "only links with this status: `up`, `suspended`, or `down` if no frame can cross it. In a closed project "
    "none is up",
}

_T = TypeVar("_T")


@frozen
class Page:
    """The objects of a page as views, and the number of objects that match."""

    views: Iterable[Any]
    total: int


class ListQuery:
    """The parameters of a request for a list. Raises Invalid, with the name of the parameter, for bad ones.

    Unknown parameters are ignored if none of ours is there, as in GNS3.
    """

    def __init__(self, sent: Iterable[tuple[str, str]], known: Mapping[str, str]) -> None:
        self._values: dict[str, str] = {}
        self._limit: int | None = None
        self._offset = 0
        sent = list(sent)
        if not any(name in known for name, _ in sent):
            return
        for name, value in sent:
            if name not in known:
                raise Invalid(f"{name}: unknown parameter; there are {', '.join(known)}")
            if name in self._values:
                raise Invalid(f"{name}: is given twice")
            self._values[name] = value
        self._limit = self._number("limit")
        self._offset = self._number("offset") or 0

    def __bool__(self) -> bool:
        return bool(self._values)

    def _number(self, name: str) -> int | None:
        text = self._values.get(name)
        if text is None:
            return None
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LINKS))
        if not is_number or int(text) > MAX_LINKS:
            raise Invalid(f"{name}: {text!r} is not a number from 0 to {MAX_LINKS}")
        return int(text)

    def text(self, name: str) -> str | None:
        """The value of a parameter; None if it is not given."""
        return self._values.get(name)

    def one_of(self, name: str, choices: Iterable[str]) -> str | None:
        """The value of a parameter that must be one of ``choices``."""
        value = self._values.get(name)
        if value is not None and value not in choices:
            raise Invalid(f"{name}: {value!r} is not one of {', '.join(choices)}")
        return value

    def node_id(self) -> UUID | None:
        """The value of the parameter ``node_id``."""
        value = self._values.get("node_id")
        try:
            return None if value is None else parse_uuid(value)
        except ValueError:
            raise Invalid(f"node_id: {value!r} is not a UUID") from None

    async def page(self, objects: Iterable[_T], matches: Callable[[_T], bool], view: Callable[[_T], object]) -> Page:
        """The page of those ``objects`` that match."""
        slices, found = Slices(), []
        for each in objects:
            if matches(each):
                found.append(each)
            await slices.pause()
        end = None if self._limit is None else self._offset + self._limit
        return Page(map(view, found[self._offset : end]), len(found))


async def node_page(project: Project, query: ListQuery) -> Page:
    """The nodes of a project that match; those in its file if it is closed. Raises Invalid."""
    named, kind = _contains(query.text("name")), query.one_of("node_type", node_types)
    status, compute_id = query.one_of("status", NODE_STATUSES), query.text("compute_id")

    def matches(record: NodeRecord, its_status: str) -> bool:
        return (
            kind in (None, record.node_type)
            and compute_id in (None, record.compute_id)
            and status in (None, its_status)
            and named(record.name)
        )

    if project.status != "opened":
        saved = (await project.file.read()).nodes
        return await query.page(saved, lambda record: matches(record, "stopped"), record_view)
    nodes = list(project.nodes.values())
    return await query.page(nodes, lambda node: matches(node.record, node.status), node_view)


async def link_page(project: Project, query: ListQuery) -> Page:
    """The links of a project that match; those in its file if it is closed. Raises Invalid."""
    named, node_id = _contains(query.text("name")), query.node_id()
    kind, status = query.one_of("link_type", LINK_TYPES), query.one_of("status", LINK_STATUSES)
    is_open = project.status == "opened"
    saved = None if is_open else await project.file.read()
    names = {} if saved is None else {node.node_id: node.name for node in saved.nodes}

    def matches(record: LinkRecord) -> bool:
        ends = [end.node_id for end in record.nodes]
        return (node_id is None or node_id in ends) and any(
            named(names.get(each, "") if saved is not None else project.nodes.name_of(each)) for each in ends
        )

    if saved is not None:
        return await query.page(
            saved.links,
            # The file does not have their type; links of this server are Ethernet.
            lambda record: (
                kind in (None, "ethernet")
                and status in (None, "suspended" if record.suspend else "down")
                and matches(record)
            ),
            saved_link_view,
        )

    def status_of(link: Link) -> str:
        if link.record.suspend:
            return "suspended"
        return "up" if project.links.problem_of(link) is None else "down"

    return await query.page(
        list(project.links.values()) if node_id is None else project.links.of_node(node_id),
        lambda link: (
            kind in (None, link.link_type) and matches(link.record) and (status is None or status == status_of(link))
        ),
        link_view,
    )


def _contains(part: str | None) -> Callable[[str], bool]:
    """Whether a name contains ``part``, in upper or lower case; any name does without one."""
    if part is None:
        return lambda name: True
    folded = part.casefold()
    return lambda name: folded in name.casefold()
