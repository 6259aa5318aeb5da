"""Strict conversion between JSON and attrs classes, with errors that name the field.

cattrs converts leniently by default (``5`` would become ``"5"``); here a value of another type is an error, and
so is a value beyond the limits in ``gns3trio.limits``.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import attrs
from cattrs.errors import (
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
)
from cattrs.gen import make_dict_structure_fn
from cattrs.preconf.orjson import OrjsonConverter, make_converter

from gns3trio.errors import Invalid
from gns3trio.free_form import PART, FreeForm, Misplaced
from gns3trio.limits import DEFAULT_BOUNDS, MAX_INTEGER, Bound, check_size, split_bound

_MAX_REASONS = 5
# The most characters of a wrong value in an error message.
_MAX_SHOWN = 200
_T = TypeVar("_T")
Hook = Callable[[Any, Any], Any]
_JSON_NAMES = {
    str: "text",
    int: "an integer",
    bool: "true or false",
    float: "a number",
    dict: "an object",
    list: "a list",
}


def json_name(kind: type) -> str:
    """The name of a JSON type in error messages."""
    return _JSON_NAMES.get(kind, "null" if kind is type(None) else kind.__name__)


def make_strict_converter(*, forbid_extra_keys: bool, coerces: bool = False) -> OrjsonConverter:
    """A converter for JSON that rejects values of another type instead of coercing them, and values out of bounds.

    With ``coerces``, texts are numbers and truth values where these are expected: "50", "yes"; and nulls are left out
    as ``without_nulls`` does.
    """
    converter = make_converter(forbid_extra_keys=forbid_extra_keys, detailed_validation=True)
    converter.register_structure_hook(bool, _exactly(bool))
    converter.register_structure_hook(float, _structure_float)
    converter.register_structure_hook(UUID, lambda value, _: parse_uuid(value))
    converter.register_structure_hook_func(lambda kind: kind is Any, _structure_any)
    converter.register_structure_hook_factory(_has_origin(Literal), _literal_hook)
    converter.register_structure_hook_factory(attrs.has, _object_hook_of(converter, forbid_extra_keys, coerces))
    hook_of = _bounded_hook_of(converter)
    converter.register_structure_hook_factory(_is_bounded, hook_of)
    for kind in (str, list, dict):
        converter.register_structure_hook(kind, hook_of(kind))
    converter.register_structure_hook(int, _structure_int)
    if coerces:
        for plain, coerced in ((bool, _coerced_bool), (int, _coerced_number), (float, _coerced_number)):
            converter.register_structure_hook(plain, _coercing(coerced, converter.get_structure_hook(plain)))
    return converter


def parse_uuid(value: object) -> UUID:
    """Parse a UUID; returns its 36-character form. Raises ValueError."""
    if isinstance(value, str) and len(value) == 36:
        try:
            return UUID(value)
        except ValueError:
            pass
    raise ValueError(f"{_shown(value)} is not a UUID")


def as_uuid(value: object) -> UUID | None:
    """As ``parse_uuid``, but returns None for an invalid UUID."""
    try:
        return parse_uuid(value)
    except ValueError:
        return None


def _shown(value: object) -> str:
    """A wrong value for an error message: long values are cut, and the contents of objects are not shown."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]!r}..."
    if isinstance(value, bool):
        return "true" if value else "false"
    return json_name(type(value)) if isinstance(value, dict | list) else repr(value)


def _has_origin(origin: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _is_bounded(kind: Any) -> bool:
    """Whether the type has a default bound, or a bound of its own in ``Annotated``."""
    return get_origin(kind) in (Annotated, list, dict)


def _exactly(kind: type) -> Hook:
    def structure(value: Any, _: Any) -> Any:
        _require_type(value, kind)
        return value

    return structure


def _coercing(coerced: Callable[[Any], Any], structure: Hook) -> Hook:
    return lambda value, kind: structure(coerced(value), kind)


_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?", re.IGNORECASE)


def _coerced_bool(value: Any) -> Any:
    """The truth value that a text or number stands for; other values stay as they are."""
    if type(value) in (int, float) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and len(value) <= _MAX_SHOWN:
        return _TRUTHS.get(value.strip().lower(), value)
    return value


def _coerced_number(value: Any) -> Any:
    """The number that a text or truth value stands for; other values stay as they are."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and len(value) <= _MAX_SHOWN and _NUMBER.fullmatch(text := value.strip()):
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    return value


def _require_type(value: Any, kind: type) -> None:
    if type(value) is not kind:
        raise TypeError(f"expected {json_name(kind)}, got {json_name(type(value))}")


def _structure_any(value: Any, _: Any) -> Any:
    PART.check(value)
    return value


def _structure_float(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"expected a number, got {json_name(type(value))}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("is not a number that JSON has")
    return number


def _literal_hook(kind: Any) -> Hook:
    allowed = get_args(kind)

    def structure(value: Any, _: Any) -> Any:
        _require_one_of(value, allowed)
        return value

    return structure


def _require_one_of(value: Any, allowed: Collection[str | int | None]) -> None:
    if type(value) not in (str, int, type(None)) or value not in allowed:  # true and 1.0 are equal to 1
        names = ("null" if each is None else str(each) for each in allowed)
        raise ValueError(f"{_shown(value)} is not one of {', '.join(names)}")


def _bounded_hook_of(converter: OrjsonConverter) -> Callable[[Any], Hook]:
    """Hooks for types with bounds: texts, integers, lists and objects with any keys."""

    def factory(kind: Any) -> Hook:
        base, bound = split_bound(kind)
        if bound is None:
            return converter.get_structure_hook(base)
        if base is str:
            return _text_hook(bound)
        if base is int:
            return _integer_hook(bound, converter.get_structure_hook(int))
        if (get_origin(base) or base) is list:
            (item,) = get_args(base) or (Any,)
            return _list_hook(converter, item, bound)
        key, item = get_args(base) or (str, Any)
        if item is Any:
            return _free_form_hook(FreeForm(text=bound.text, keys=bound.most))
        return _dict_hook(converter, key, item, bound)

    return factory


def _free_form_hook(bound: FreeForm) -> Hook:
    def structure(value: Any, _: Any) -> dict[str, Any]:
        _require_type(value, dict)
        bound.check(value)
        return dict(value)

    return structure


def _text_hook(bound: Bound) -> Hook:
    def structure(value: Any, _: Any) -> str:
        if bound.choices is not None:
            _require_one_of(value, bound.choices())
        _require_type(value, str)
        check_size(len(value), bound, "characters")
        if bound.check is not None:
            bound.check(value)
        return str(value)

    return structure


def _structure_int(value: Any, _: Any) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)  # 68.0 is an integer in JSON
    _require_type(value, int)
    if abs(value) > MAX_INTEGER:
        raise ValueError("is too large")
    return int(value)


def _integer_hook(bound: Bound, structure_int: Hook) -> Hook:
    def structure(value: Any, kind: Any) -> int:
        number: int = structure_int(value, kind)
        if not bound.least <= number <= bound.most:
            raise ValueError(f"{number} is not from {bound.least} to {bound.most}")
        return number

    return structure


class _Parts(Exception):
    """The errors in parts of a list or object, each with its index or key."""

    def __init__(self, errors: list[tuple[object, Exception]]) -> None:
        super().__init__()
        self.errors = errors


_ERRORS = (BaseValidationError, TypeError, ValueError, _Parts)


def _list_hook(converter: OrjsonConverter, kind: Any, bound: Bound) -> Hook:
    structure_item = converter.get_structure_hook(kind)

    def structure(value: Any, _: Any) -> list[Any]:
        _require_type(value, list)
        check_size(len(value), bound, "items")
        return [item for _, item in _structure_parts(enumerate(value), structure_item, kind)]

    return structure


def _dict_hook(converter: OrjsonConverter, key_kind: Any, kind: Any, bound: Bound) -> Hook:
    structure_key = converter.get_structure_hook(key_kind)
    structure_item = converter.get_structure_hook(kind)

    def structure(value: Any, _: Any) -> dict[Any, Any]:
        _require_type(value, dict)
        check_size(len(value), bound, "keys")
        for key in value:
            try:
                structure_key(key, key_kind)
            except ValueError as error:
                raise ValueError(f"key {_shown(key)}: {error}") from None
        return dict(_structure_parts(value.items(), structure_item, kind))

    return structure


def _structure_parts(parts: Iterable[tuple[Any, Any]], structure_item: Hook, kind: Any) -> Iterable[tuple[Any, Any]]:
    """Structure each part. Raises _Parts with the first errors only, because nobody reads thousands."""
    errors: list[tuple[object, Exception]] = []
    structured = []
    for key, part in parts:
        try:
            structured.append((key, structure_item(part, kind)))
        except _ERRORS as error:
            errors.append((key, error))
            if len(errors) > _MAX_REASONS:
                break
    if errors:
        raise _Parts(errors)
    return structured


def _object_hook_of(
    converter: OrjsonConverter, forbid_extra_keys: bool, coerces: bool
) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(kind: Any) -> Callable[[Any, Any], Any]:
        structure_fields = make_dict_structure_fn(
            kind, converter, _cattrs_forbid_extra_keys=forbid_extra_keys, _cattrs_detailed_validation=True
        )
        known = {field.name for field in attrs.fields(kind)} if getattr(kind, "IGNORES_UNKNOWN_KEYS", False) else None

        def structure(value: Any, _: Any) -> Any:
            _require_type(value, dict)
            if coerces:
                value = without_nulls(value, kind)
            if known is not None:
                check_size(len(value), DEFAULT_BOUNDS[dict], "keys")
                PART.check({name: each for name, each in value.items() if name not in known})
            return structure_fields(value, kind)

        return structure

    return factory


def without_nulls(value: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """The fields of an object that is to become a ``kind``. A null stands for a field that is left out, unless the
    field can be null; that of a required field stays, and is an error.
    """
    omissible = _omissible_fields(kind)
    return {name: each for name, each in value.items() if each is not None or name not in omissible}


@cache
def _omissible_fields(kind: Any) -> frozenset[str]:
    """The fields that have a default and cannot be null."""
    optional = [field for field in attrs.fields(kind) if field.default is not attrs.NOTHING]
    return frozenset(field.name for field in optional if not _takes_null(field.type))


def _takes_null(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return None in get_args(kind)
    if get_origin(kind) is Annotated:
        return _takes_null(get_args(kind)[0])
    is_union = get_origin(kind) in (Union, UnionType)
    return kind in (Any, type(None)) or (is_union and any(map(_takes_null, get_args(kind))))


def structure(converter: OrjsonConverter, value: Any, kind: type[_T]) -> _T:
    """Convert ``value`` to ``kind``. Raises Invalid with a message that names the first few wrong fields."""
    try:
        return converter.structure(value, kind)
    except _ERRORS as error:
        raise Invalid(explain(error)) from None


# Messages of the attrs validators: "'port' must be <= 65535: 70000", "Length of 'name' must be >= 1: 0".
_OF_VALIDATOR = re.compile(r"(?P<length>Length of )?'(?P<field>\w+)' (?P<rest>must be .*)", re.DOTALL)


def explain(error: Exception) -> str:
    """One line that describes a failed conversion: ``nodes[0].x: expected an integer, got text; ...``."""
    reasons: list[str] = []
    _collect(error, "", reasons)
    return "; ".join(reasons[:_MAX_REASONS]) + (" (and more)" if len(reasons) > _MAX_REASONS else "")


def _collect(error: BaseException, path: str, reasons: list[str]) -> None:
    if isinstance(error, ClassValidationError):
        noted, other = error.group_exceptions()
        for inner, note in noted:
            _collect(inner, _join(path, note.name), reasons)
        for inner in other:
            _collect(inner, path, reasons)
    elif isinstance(error, _Parts):
        for key, inner in error.errors:
            _collect(inner, f"{path}[{str(key)[:_MAX_SHOWN]}]", reasons)
    elif isinstance(error, ForbiddenExtraKeysError):
        extra = sorted(error.extra_fields)[: _MAX_REASONS + 1]
        reasons.extend(f"{_join(path, key[:_MAX_SHOWN])}: unknown field" for key in extra)
    elif isinstance(error, Misplaced):
        reasons.append(f"{f'{path}{error.path}'.removeprefix('.') or 'body'}: {error}")
    elif isinstance(error, KeyError):
        reasons.append(f"{path}: required field is missing")
    elif found := _OF_VALIDATOR.match(str(error)):
        reasons.append(f"{_join(path, found['field'])}: {'its length ' if found['length'] else ''}{found['rest']}")
    else:
        reasons.append(f"{path or 'body'}: {error.args[0] if error.args else error}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
