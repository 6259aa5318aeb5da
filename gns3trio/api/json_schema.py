"""Generates JSON Schema (draft 2020-12, as in OpenAPI 3.1) for the types that ``gns3trio.convert`` accepts."""

import types
from inspect import getdoc
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from gns3trio.api.replies import fields_of, is_shape, key_of
from gns3trio.field_checks import keywords
from gns3trio.limits import MAX_DEPTH, MAX_FREE_TEXT, MAX_INTEGER, MAX_KEYS, Bound, split_bound

Schema = dict[str, Any]

_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER},
    float: {"type": "number"},
    UUID: {"type": "string", "format": "uuid"},
    type(None): {"type": "null"},
}

# Modules of these names have a part of what their folder has; others have it all.
_PARTS = ("routes", "bodies", "replies")
# Clients know these modules by the names that they had.
_RENAMED = {"numbered_events": "events"}


def family(module: str) -> str:
    """The short name of a module, by which clients know what is in it."""
    *_, folder, name = module.split(".")
    return folder if name in _PARTS else _RENAMED.get(name, name)


class Schemas:
    """Generates schemas. Classes become entries of ``components``, to which other schemas refer.

    Limits apply to data from clients. A class that is used in requests and replies states them too.
    """

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[type, str] = {}
        self._bounded: set[type] = set()

    def of(self, kind: Any, *, bounded: bool) -> Schema:
        """The schema of a type: a simple type, a Literal, a list, dict or union of such, or an attrs class. With
        ``bounded`` it includes the limits of texts, lists and objects.
        """
        base, bound = split_bound(kind)
        if base is Any:
            return {}
        if bounded and bound is not None and bound.choices is not None:
            return {"enum": list(bound.choices())}
        if is_shape(base):
            return {"$ref": f"#/components/schemas/{self._component(base, bounded)}"}
        schema = self._composed(base, bounded)
        if bounded and bound is not None:
            schema |= _told(schema, bound)
        return schema

    def _composed(self, kind: Any, bounded: bool) -> Schema:
        origin, arguments = get_origin(kind) or kind, get_args(kind)
        if kind in _SIMPLE:
            return dict(_SIMPLE[kind])
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            items = self.of(arguments[0], bounded=bounded) if arguments else {}
            return {"type": "array", "items": items} if items else {"type": "array"}
        if origin is dict:
            values = self.of(arguments[1], bounded=bounded) if arguments else {}
            names = self.of(arguments[0], bounded=bounded) if arguments and arguments[0] is not str else {}
            return {
                "type": "object",
                **({"additionalProperties": values} if values else {}),
                **({"propertyNames": names} if names else {}),
            }
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(each, bounded=bounded) for each in arguments]}
        raise TypeError(f"no schema for {kind}")

    def _component(self, kind: type, bounded: bool) -> str:
        if kind not in self._names:
            name: str = kind.__name__
            if name in self.components and not any(_are_alike(kind, other) for other in self._names):
                name = f"{family(kind.__module__)}.{name}"
            self._names[kind] = name
            self.components.setdefault(name, {})  # a placeholder, for a class that refers to itself
            if not self.components[name] and not bounded:
                self.components[name] = self._object(kind, bounded)
        if bounded and kind not in self._bounded:
            self._bounded.add(kind)
            self.components[self._names[kind]] = self._object(kind, bounded)
        return self._names[kind]

    def _object(self, kind: Any, bounded: bool) -> Schema:
        hints = get_type_hints(kind, include_extras=True)
        fields = fields_of(kind)
        has_all = getattr(kind, "HAS_ALL_KEYS", False)
        ignores = getattr(kind, "IGNORES_UNKNOWN_KEYS", False)
        schema: Schema = {
            "type": "object",
            "description": getdoc(kind) or "",
            "properties": {key_of(field): self._property(field, hints[field.name], bounded) for field in fields},
            "additionalProperties": ignores,
        }
        if ignores and bounded:
            schema |= _FREE
        if required := [key_of(field) for field in fields if has_all or field.default is attrs.NOTHING]:
            schema["required"] = required
        return schema

    def _property(self, field: Any, kind: Any, bounded: bool) -> Schema:
        schema = self.of(kind, bounded=bounded)
        for keyword, value in keywords(field.validator).items():
            for part in schema.get("anyOf", [schema]):
                if applicable := _applicable(keyword, part.get("type")):
                    part[applicable] = value
        if "doc" in field.metadata:
            schema["description"] = field.metadata["doc"]
        return schema


def _are_alike(one: type, other: type) -> bool:
    """Whether two classes are one to clients, such as a part of a body and the same part of a document."""
    return one.__name__ == other.__name__ and _look(one) == _look(other)


def _look(kind: Any) -> object:
    hints = get_type_hints(kind, include_extras=True)
    return getdoc(kind), [(field.name, hints[field.name], field.default) for field in fields_of(kind)]


# Limits of values without a fixed shape. JSON Schema has no keywords for the last two.
_FREE: Schema = {"maxProperties": MAX_KEYS, "x-maxDepth": MAX_DEPTH, "x-maxTextLength": MAX_FREE_TEXT}


def _told(schema: Schema, bound: Bound) -> Schema:
    """The keywords for a bound."""
    match schema["type"]:
        case "string":
            least, most, free = "minLength", "maxLength", False
        case "array":
            least, most, free = "minItems", "maxItems", "items" not in schema
        case "object":
            least, most, free = "minProperties", "maxProperties", "additionalProperties" not in schema
        case _:
            return {"minimum": bound.least, "maximum": bound.most}
    told: Schema = dict(_FREE) if free else {}
    told.pop("maxProperties", None)
    return told | ({least: bound.least} if bound.least else {}) | {most: bound.most}


def _applicable(keyword: str, kind: str | None) -> str | None:
    """The name of the keyword for a type; None if it does not apply to the type."""
    if keyword.endswith("Length"):
        return {"string": keyword, "array": keyword.replace("Length", "Items")}.get(kind or "")
    return keyword if kind in ("integer", "number") else None
