"""The shapes of replies that belong to no version of the API, or to several, for OpenAPI.

A test compares them with the server's real replies.
"""

from functools import cache
from keyword import iskeyword
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform

import attrs

_T = TypeVar("_T")


# Shapes whose fields nobody has asked for yet.
_unexamined: set[type] = set()


@dataclass_transform(kw_only_default=True)
def reply_shape(kind: type[_T]) -> type[_T]:
    """The decorator of a class that describes a reply. Nobody makes objects of it, so it gets no methods, and attrs
    examines it when its fields are first asked for: all at once was a tenth of the server's start.
    """
    _unexamined.add(kind)
    return kind


def is_shape(kind: Any) -> bool:
    """Whether a type is a class that ``fields_of`` knows: the shape of a reply, or another class of attrs."""
    return isinstance(kind, type) and (kind in _unexamined or attrs.has(kind))


def fields_of(shape: type) -> "tuple[attrs.Attribute[Any], ...]":
    """The fields of a shape, those of its bases first."""
    for kind in reversed(shape.__mro__):
        if kind in _unexamined:
            attrs.define(kind, slots=False, kw_only=True, init=False, eq=False, repr=False)
            _unexamined.discard(kind)
    return tuple(attrs.fields(shape))


class Whole:
    """A reply that always has all keys of its class, even those with defaults."""

    HAS_ALL_KEYS: ClassVar = True


def key_of(field: "attrs.Attribute[Any]") -> str:
    """The JSON key of a field: its name, unless that cannot be a name in Python, such as ``in`` or ``p99.9_us``."""
    name = field.name
    return str(field.metadata.get("key", name[:-1] if iskeyword(name[:-1]) else name))


@cache
def keys_of(shape: type) -> dict[str, str]:
    """The JSON keys of a shape, each with the name of its field."""
    return {key_of(field): field.name for field in fields_of(shape)}


def shown_as(shape: type, value: object) -> dict[str, Any]:
    """An object with exactly the keys of a shape; its attributes have the names of the shape's fields. A view names in
    this way what clients see, whatever else the object has.
    """
    return {key: getattr(value, name) for key, name in keys_of(shape).items()}


@reply_shape
class Error:
    """An error. A 400 also contains the rejected request."""

    message: str
    status: int
    method: str = ""
    path: str = ""
    request: Any = None


@reply_shape
class Message:
    """An error in version 3."""

    message: str


@reply_shape
class WrongValue:
    """A wrong value of a request to the compute API of version 3: its place, and what is wrong with it."""

    type: str
    loc: list[str]
    msg: str


@reply_shape
class WrongValues:
    """The wrong values of a request to the compute API of version 3."""

    detail: list[WrongValue]


@reply_shape
class Detail:
    """An error in version 3, where there is no route: a parameter of the path cannot be so."""

    detail: str


@reply_shape
class Health(Whole):
    """The result of a health check; ``problems`` lists what does not work."""

    status: Literal["ok", "failing"]
    problems: list[str]
    gns3trio_version: str


@reply_shape
class Gns3Version(Whole):
    """``version`` is the GNS3 version whose API this server implements; ``local`` is the setting of that name."""

    version: str
    local: bool


@reply_shape
class Version3(Gns3Version):
    """The same in version 3 of the API. ``controller_host`` is an address of the server."""

    controller_host: str


@reply_shape
class Capabilities(Whole):
    """The node types that a compute can run, and its GNS3 version."""

    node_types: list[str]
    platform: str
    version: str


@reply_shape
class UdpPort(Whole):
    """A UDP port that was leased for the client."""

    udp_port: int
