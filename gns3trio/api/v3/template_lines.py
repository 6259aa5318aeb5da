"""The JSON of templates, kept until they change: clients read the list of thousands again and again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from attrs import field

from gns3trio.api.v3.template_views import template_view
from gns3trio.classes import define
from gns3trio.encoding import dumps_to_keep

_SPARE = 100


@define
class TemplateLines:
    """By the id of the template. One that has changed is another object, also if only GNS3 3 has what has changed."""

    _lines: dict[UUID, tuple[Mapping[str, Any], orjson.Fragment]] = field(factory=dict, init=False)

    def line(self, template_id: UUID, template: Mapping[str, Any], extras: Mapping[str, Any]) -> orjson.Fragment:
        """The JSON of a template; ``extras`` are the fields that only GNS3 3 has."""
        known = self._lines.get(template_id)
        if known is not None and known[0] is template:
            return known[1]
        line = orjson.Fragment(dumps_to_keep(template_view(template, extras), orjson.OPT_SORT_KEYS))
        self._lines[template_id] = template, line
        return line

    def forget_all_but(self, template_ids: Mapping[UUID, object]) -> None:
        """Drop the lines of templates that were deleted, once they are many."""
        if len(self._lines) > len(template_ids) + _SPARE:
            self._lines = {each: line for each, line in self._lines.items() if each in template_ids}
