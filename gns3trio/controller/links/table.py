"""Indexes the links of a project by id, port and node, because a lab may have thousands."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar
from uuid import UUID

from gns3trio.controller.gns3_format.records import LinkRecord
from gns3trio.controller.links.link import Link, PortAddress

_Key = TypeVar("_Key")


class _Index(Generic[_Key]):
    """The links of each key, in the order in which they were added. Most ports and hosts have one link: it stands here
    itself, because a dictionary for each would take more memory than the links.
    """

    def __init__(self) -> None:
        self._links: dict[_Key, Link | dict[UUID, Link]] = {}

    def add(self, key: _Key, link: Link) -> None:
        found = self._links.get(key)
        if found is None or found is link:
            self._links[key] = link
        elif isinstance(found, Link):
            self._links[key] = {found.link_id: found, link.link_id: link}
        else:
            found[link.link_id] = link

    def discard(self, key: _Key, link: Link) -> None:
        found = self._links.get(key)
        if isinstance(found, dict):
            found.pop(link.link_id, None)
        if not found or found is link:
            self._links.pop(key, None)

    def links(self, key: _Key) -> list[Link]:
        found = self._links.get(key)
        if isinstance(found, dict):
            return list(found.values())
        return [found] if found is not None else []


class LinkTable(Mapping[UUID, Link]):
    """Links by id, in the order in which they were added. Only ``move`` may change the ends of a link in the table."""

    def __init__(self) -> None:
        self._links: dict[UUID, Link] = {}
        # A file may name a port in two links.
        self._by_port: _Index[PortAddress] = _Index()
        self._by_node: _Index[UUID] = _Index()

    def __getitem__(self, link_id: UUID) -> Link:
        return self._links[link_id]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)

    def add(self, link: Link) -> None:
        """Add a link to the table."""
        self._links[link.link_id] = link
        for address in link.addresses:
            self._by_port.add(address, link)
            self._by_node.add(address.node_id, link)

    def remove(self, link: Link) -> None:
        """Remove a link. Does nothing if it is not in the table."""
        if self._links.get(link.link_id) is link:
            del self._links[link.link_id]
            self._forget_ends(link)

    def move(self, link: Link, record: LinkRecord) -> None:
        """Replace the record of a link, whose ends may differ. The link need not be in the table."""
        is_in = self._links.get(link.link_id) is link
        if is_in:
            self._forget_ends(link)
        link.record = record
        if is_in:
            self.add(link)

    def _forget_ends(self, link: Link) -> None:
        for address in link.addresses:
            self._by_port.discard(address, link)
            self._by_node.discard(address.node_id, link)

    def at(self, address: PortAddress) -> list[Link]:
        """The links that name a port."""
        return self._by_port.links(address)

    def of_node(self, node_id: UUID) -> list[Link]:
        """The links that name a node."""
        return self._by_node.links(node_id)
