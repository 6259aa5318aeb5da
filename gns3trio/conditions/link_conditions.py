"""What a link does to frames, as one value. Sans-IO."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from gns3trio.conditions.chain import core_filters, longest_hold
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.conditions.impairments import Impairment


@attrs.frozen
class Impairments:
    """Our own filters of a link. The same ``seed`` makes the same decisions; None chooses one at every change."""

    filters: tuple[Impairment, ...] = ()
    seed: int | None = None


NO_IMPAIRMENTS = Impairments()


@attrs.frozen(kw_only=True)
class LinkConditions:
    """GNS3's ``filters`` (checked ones), our ``impairments`` after them, and whether nothing passes (``suspend``).

    The same ``seed`` makes the same decisions; None chooses one whenever the conditions are put in force.
    """

    filters: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)
    impairments: tuple[Impairment, ...] = ()
    seed: int | None = None
    suspend: bool = False

    def core_filters(self, *, at_first_end: bool) -> list[CoreFilter]:
        """All filters as the core takes them, at the first end of the link or at its second."""
        return core_filters(self.filters, self.impairments, at_first_end=at_first_end)

    def expressions(self) -> list[str]:
        """The filter expressions (pcap-filter(7)) among them."""
        filters = self.core_filters(at_first_end=True)
        return [each.expression for each in filters if each.expression is not None]

    def longest_hold(self) -> float:
        """For how many seconds they can hold a frame."""
        return longest_hold(self.core_filters(at_first_end=True))


NO_CONDITIONS = LinkConditions()
