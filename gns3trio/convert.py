"""Strict conversion between JSON and attrs classes, with errors that name the field.

cattrs converts leniently by default (``5`` would become ``"5"``); here a value of another type is an error.
"""

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Literal, TypeVar, get_args, get_origin
from uuid import UUID

import attrs
from cattrs.errors import (
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.gen import make_dict_structure_fn, mapping_structure_factory
from cattrs.preconf.orjson import OrjsonConverter, make_converter

from gns3trio.errors import Invalid

# orjson turns larger integers into floats, and no JavaScript client can hold them.
MAX_INTEGER = 2**53
_MAX_REASONS = 5
_T = TypeVar("_T")
_JSON_NAMES = {
    str: "text",
    int: "an integer",
    bool: "true or false",
    float: "a number",
    dict: "an object",
    list: "a list",
}


def json_name(kind: type) -> str:
    """How an error message calls a JSON type."""
    return _JSON_NAMES.get(kind, "null" if kind is type(None) else kind.__name__)


def make_strict_converter(*, forbid_extra_keys: bool) -> OrjsonConverter:
    """A converter for JSON that refuses values of another type instead of coercing them."""
    converter = make_converter(forbid_extra_keys=forbid_extra_keys, detailed_validation=True)
    for kind in (str, bool, dict, list):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(int, _structure_int)
    converter.register_structure_hook(float, _structure_float)
    converter.register_structure_hook(UUID, lambda value, _: parse_uuid(value))
    converter.register_structure_hook_factory(_has_origin(Literal), _literal_hook)
    converter.register_structure_hook_factory(_has_origin(list), _list_hook_of(converter))
    converter.register_structure_hook_factory(_has_origin(dict), _dict_hook_of(converter))
    converter.register_structure_hook_factory(attrs.has, _object_hook_of(converter, forbid_extra_keys))
    return converter


def parse_uuid(value: object) -> UUID:
    """The UUID in its 36-character form; raises ValueError."""
    if isinstance(value, str) and len(value) == 36:
        try:
            return UUID(value)
        except ValueError:
            pass
    raise ValueError(f"{value!r} is not a UUID")


def _has_origin(origin: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"expected {json_name(kind)}, got {json_name(type(value))}")
        return value

    return structure


def _structure_int(value: Any, _: Any) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)  # 68.0 is an integer in JSON
    if type(value) is not int:
        raise TypeError(f"expected an integer, got {json_name(type(value))}")
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{value} is too large")
    return value


def _structure_float(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"expected a number, got {json_name(type(value))}")
    return float(value)


def _literal_hook(kind: Any) -> Callable[[Any, Any], Any]:
    allowed = get_args(kind)

    def structure(value: Any, _: Any) -> Any:
        if isinstance(value, str | None) and value in allowed:
            return value
        raise ValueError(f"{value!r} is not one of {', '.join('null' if a is None else a for a in allowed)}")

    return structure


def _list_hook_of(converter: OrjsonConverter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(kind: Any) -> Callable[[Any, Any], Any]:
        # By way of a tuple, because asking for the hook of a list would give this one again.
        items: Any = GenericAlias(tuple, (get_args(kind)[0], ...))
        structure_items = converter.get_structure_hook(items)

        def structure(value: Any, _: Any) -> Any:
            if type(value) is not list:
                raise TypeError(f"expected a list, got {json_name(type(value))}")
            return list(structure_items(value, items))

        return structure

    return factory


def _dict_hook_of(converter: OrjsonConverter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(kind: Any) -> Callable[[Any, Any], Any]:
        structure_items = mapping_structure_factory(kind, converter, detailed_validation=True)

        def structure(value: Any, _: Any) -> Any:
            if type(value) is not dict:
                raise TypeError(f"expected an object, got {json_name(type(value))}")
            return structure_items(value, kind)

        return structure

    return factory


def _object_hook_of(converter: OrjsonConverter, forbid_extra_keys: bool) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(kind: Any) -> Callable[[Any, Any], Any]:
        structure_fields = make_dict_structure_fn(
            kind, converter, _cattrs_forbid_extra_keys=forbid_extra_keys, _cattrs_detailed_validation=True
        )

        def structure(value: Any, _: Any) -> Any:
            if type(value) is not dict:
                raise TypeError(f"expected an object, got {json_name(type(value))}")
            return structure_fields(value, kind)

        return structure

    return factory


def structure(converter: OrjsonConverter, value: Any, kind: type[_T]) -> _T:
    """``value`` as a ``kind``. Raises Invalid whose message names every wrong field (the first few)."""
    try:
        return converter.structure(value, kind)
    except (BaseValidationError, TypeError, ValueError) as error:
        raise Invalid(explain(error)) from None


def explain(error: Exception) -> str:
    """One line for a failed conversion: ``nodes[0].x: expected an integer, got text; ...``."""
    reasons: list[str] = []
    _collect(error, "", reasons)
    more = len(reasons) - _MAX_REASONS
    return "; ".join(reasons[:_MAX_REASONS]) + (f" (and {more} more)" if more > 0 else "")


def _collect(error: BaseException, path: str, reasons: list[str]) -> None:
    if isinstance(error, ClassValidationError | IterableValidationError):
        noted, other = error.group_exceptions()
        for inner, note in noted:
            name = getattr(note, "name", None)
            _collect(inner, f"{path}[{note.index}]" if name is None else _join(path, name), reasons)
        for inner in other:
            _collect(inner, path, reasons)
    elif isinstance(error, ForbiddenExtraKeysError):
        reasons.extend(f"{_join(path, key)}: unknown field" for key in sorted(error.extra_fields))
    elif isinstance(error, KeyError):
        reasons.append(f"{path}: required field is missing")
    else:
        reasons.append(f"{path or 'body'}: {error.args[0] if error.args else error}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
