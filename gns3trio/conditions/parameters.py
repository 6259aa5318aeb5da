"""A value of a filter: what it means and what it may be. Requests, their description, the page and the command line all
take it from here.
"""

from typing import Any

import attrs

from gns3trio import field_checks as v


@attrs.frozen(kw_only=True)
class Parameter:
    """A value of a filter.

    ``name`` is its field in the API, ``short_name`` what the command line calls it. ``least`` and ``most`` are those of
    a number, of a text its length; the type of ``default`` is its own. ``unit`` is empty for a mere number or text.

    The page shows a slider up to ``usual``, in ``shown_unit``, of which one is ``shown_factor`` of the unit; it sets
    ``suggested`` where it has nothing to show a value with.
    """

    name: str
    short_name: str
    description: str
    default: float | int | str
    least: float | int = 0
    most: float | int
    unit: str = ""
    usual: float | int | None = None
    shown_unit: str | None = None
    shown_factor: int = 1
    suggested: float | int | None = None
    # Whether one word about the filter tells it, where it is not the default.
    is_told: bool = True

    def field(self) -> Any:
        """The field of an attrs class that holds it."""
        validator = v.max_len(int(self.most)) if isinstance(self.default, str) else self._validator()
        return attrs.field(default=self.default, validator=validator, metadata={"doc": self.description})

    def _validator(self) -> Any:
        kind: Any = type(self.default)
        return v.and_(v.ge(kind(self.least)), v.le(kind(self.most)))
