"""JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it) of what the converters of ``gns3trio.convert`` accept."""

import types
from collections.abc import Iterable
from inspect import getdoc
from keyword import iskeyword
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from gns3trio.convert import MAX_INTEGER

Schema = dict[str, Any]

_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER},
    float: {"type": "number"},
    UUID: {"type": "string", "format": "uuid"},
    type(None): {"type": "null"},
    dict: {"type": "object"},
    list: {"type": "array"},
}
# The validators of attrs that say something which a schema can say, with their argument.
_NUMBER_KEYWORDS = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}


class Schemas:
    """Makes schemas; classes become entries of ``components``, to which the others refer."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[type, str] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type: a simple one, a Literal, list, dict or union of such, or an attrs class."""
        if kind is Any:
            return {}
        if kind in _SIMPLE:
            return dict(_SIMPLE[kind])
        if attrs.has(kind):
            return {"$ref": f"#/components/schemas/{self._component(kind)}"}
        return self._composed(get_origin(kind), get_args(kind))

    def _composed(self, origin: Any, arguments: tuple[Any, ...]) -> Schema:
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            values = self.of(arguments[1])
            return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        raise TypeError(f"no schema for {origin}{arguments}")

    def _component(self, kind: Any) -> str:
        if kind not in self._names:
            name: str = kind.__name__
            if name in self.components:
                name = f"{kind.__module__.rpartition('.')[2]}.{name}"
            self._names[kind] = name
            self.components[name] = {}  # its place, for a class that refers to itself
            self.components[name] = self._object(kind)
        return self._names[kind]

    def _object(self, kind: Any) -> Schema:
        hints = get_type_hints(kind)
        fields = attrs.fields(kind)
        schema: Schema = {
            "type": "object",
            "description": getdoc(kind) or "",
            "properties": {_name(field): self._property(field, hints[field.name]) for field in fields},
            "additionalProperties": getattr(kind, "IGNORES_UNKNOWN_KEYS", False),
        }
        has_all = getattr(kind, "HAS_ALL_KEYS", False)
        if required := [_name(field) for field in fields if has_all or field.default is attrs.NOTHING]:
            schema["required"] = required
        return schema

    def _property(self, field: Any, kind: Any) -> Schema:
        schema = self.of(kind)
        for keyword, value in _keywords(field.validator):
            for part in schema.get("anyOf", [schema]):
                if applicable := _applicable(keyword, part.get("type")):
                    part[applicable] = value
        return schema


def _name(field: Any) -> str:
    """The key of a field: without the underscore of a word that Python keeps for itself."""
    name: str = field.name
    return name[:-1] if iskeyword(name[:-1]) else name


def _applicable(keyword: str, kind: str | None) -> str | None:
    """The keyword as it is called for a type; None where it means nothing."""
    if keyword.endswith("Length"):
        return {"string": keyword, "array": keyword.replace("Length", "Items")}.get(kind or "")
    return keyword if kind in ("integer", "number") else None


def _keywords(validator: Any) -> Iterable[tuple[str, Any]]:
    """What a validator demands. Functions of our own say nothing here."""
    match type(validator).__name__:
        case "_OptionalValidator":
            yield from _keywords(validator.validator)
        case "_AndValidator":
            for each in validator._validators:
                yield from _keywords(each)
        case "_NumberValidator":
            yield _NUMBER_KEYWORDS[validator.compare_op], validator.bound
        case "_MinLengthValidator":
            yield "minLength", validator.min_length
        case "_MaxLengthValidator":
            yield "maxLength", validator.max_length
