"""Indexes the links of a project by id, port and node, because a lab may have thousands."""

from collections.abc import Iterator, Mapping
from typing import TypeVar
from uuid import UUID

from gns3trio.controller.gns3_format.records import LinkRecord
from gns3trio.controller.links.link import Link, PortAddress


class LinkTable(Mapping[UUID, Link]):
    """Links by id, in the order in which they were added. Only ``move`` may change the ends of a link in the table."""

    def __init__(self) -> None:
        self._links: dict[UUID, Link] = {}
        # Dictionaries keep the order. A file may name a port in two links.
        self._by_port: dict[PortAddress, dict[UUID, Link]] = {}
        self._by_node: dict[UUID, dict[UUID, Link]] = {}

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
            self._by_port.setdefault(address, {})[link.link_id] = link
            self._by_node.setdefault(address.node_id, {})[link.link_id] = link

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
            _discard(self._by_port, address, link)
            _discard(self._by_node, address.node_id, link)

    def at(self, address: PortAddress) -> list[Link]:
        """The links that name a port."""
        return list(self._by_port.get(address, {}).values())

    def of_node(self, node_id: UUID) -> list[Link]:
        """The links that name a node."""
        return list(self._by_node.get(node_id, {}).values())


_Key = TypeVar("_Key")


def _discard(index: dict[_Key, dict[UUID, Link]], key: _Key, link: Link) -> None:
    links = index.get(key)
    if links is not None:
        links.pop(link.link_id, None)
        if not links:
            del index[key]
