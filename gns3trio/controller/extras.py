"""What we keep of a project beside its ``.gns3`` file, whose other readers refuse keys that they do not know. Sans-IO.

Format of ``project-files/gns3trio.json``: ``{"version": 1, "links": {<link id>: {"impairments": [...], "seed": 7}}}``.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import orjson

from gns3trio.controller.link_filters import NO_IMPAIRMENTS, Impairments
from gns3trio.convert import make_strict_converter, parse_uuid, structure
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.filters import Impairment, describe

EXTRAS_FILE = "project-files/gns3trio.json"
VERSION = 1


@attrs.define(kw_only=True)
class _LinkExtras:
    impairments: list[Impairment] = attrs.field(factory=list)
    seed: int | None = None


@attrs.define(kw_only=True)
class _Extras:
    version: int
    links: dict[str, Any] = attrs.field(factory=dict)


_file = make_strict_converter(forbid_extra_keys=False)


def parse_extras(data: bytes) -> dict[UUID, Impairments]:
    """The impairments by link. Raises Conflict that says what is wrong."""
    try:
        extras = structure(_file, orjson.loads(data), _Extras)
        if extras.version != VERSION:
            raise Invalid(f"version {extras.version}, this server reads version {VERSION}")
        links = {parse_uuid(link_id): structure(_file, link, _LinkExtras) for link_id, link in extras.links.items()}
    except (orjson.JSONDecodeError, Invalid, ValueError) as error:
        raise Conflict(f"{EXTRAS_FILE}: {error}") from None
    return {link_id: Impairments(tuple(link.impairments), link.seed) for link_id, link in links.items()}


def format_extras(impairments: Mapping[UUID, Impairments]) -> bytes | None:
    """The text of the file; None when there is nothing to keep."""
    links = {
        str(link_id): {"impairments": [describe(i) for i in kept.filters], "seed": kept.seed}
        for link_id, kept in impairments.items()
        if kept != NO_IMPAIRMENTS
    }
    if not links:
        return None
    return orjson.dumps({"version": VERSION, "links": links}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
