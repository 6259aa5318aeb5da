"""The parameters of filters: their meaning and limits. Requests, the API description, the page and the command line all
use this definition.
"""

from typing import Any

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import frozen


@frozen(kw_only=True)
class Parameter:
    """A value of a filter.

    ``name`` is its field in the API, ``short_name`` its name on the command line. ``least`` and ``most`` limit a
    number, or the length of a text. Its type is that of ``default``. ``unit`` is empty for a plain number or text.

    The page shows a slider up to ``usual`` in ``shown_unit``; one ``shown_unit`` is ``shown_factor`` units. For a
    parameter without a slider, the page sends ``suggested``.
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
    # Whether the short form of a filter includes it if it is not the default.
    is_told: bool = True

    def field(self) -> Any:
        """The attrs field for this parameter."""
        validator = v.max_len(int(self.most)) if isinstance(self.default, str) else self._validator()
        return attrs.field(default=self.default, validator=validator, metadata={"doc": self.description})

    def _validator(self) -> Any:
        kind: Any = type(self.default)
        return v.and_(v.ge(kind(self.least)), v.le(kind(self.most)))
