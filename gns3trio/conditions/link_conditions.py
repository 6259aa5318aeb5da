"""Everything that a link does to frames, as one value. Sans-IO."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from gns3trio.classes import frozen
from gns3trio.conditions.chain import core_filters, longest_hold
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.conditions.impairments import Impairment


@frozen
class Impairments:
    """The impairments of a link. The same ``seed`` gives the same decisions; None chooses a new
    seed at every change.
    """

    filters: tuple[Impairment, ...] = ()
    seed: int | None = None


NO_IMPAIRMENTS = Impairments()


@frozen(kw_only=True)
class LinkConditions:
    """GNS3's ``filters`` (already checked), the ``impairments`` after them, and whether the link is suspended.

    The same ``seed`` gives the same decisions; None chooses a new seed whenever the conditions take effect.
    """

    filters: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)
    impairments: tuple[Impairment, ...] = ()
    seed: int | None = None
    suspend: bool = False

    def core_filters(self, *, at_first_end: bool) -> list[CoreFilter]:
        """All filters in the core's form, for the port at the first end of the link or at its second."""
        return core_filters(self.filters, self.impairments, at_first_end=at_first_end)

    def expressions(self) -> list[str]:
        """All filter expressions (pcap-filter(7)) in the conditions."""
        filters = self.core_filters(at_first_end=True)
        return [each.expression for each in filters if each.expression is not None]

    def longest_hold(self) -> float:
        """The longest time that the filters can hold a frame, in seconds."""
        return longest_hold(self.core_filters(at_first_end=True))


NO_CONDITIONS = LinkConditions()
