"""attrs validators with the equivalent JSON Schema keywords, so that the API description can include their limits."""

from collections.abc import Mapping
from inspect import isfunction
from typing import Any

import attrs
from attrs import validators

from gns3trio.classes import frozen
from gns3trio.limits import MAX_PORT

Validator = Any  # attrs types them by the field's type, which is not known here


@frozen
class Check:
    """A validator, and the equivalent JSON Schema keywords for a number or the length of a text."""

    validator: Validator
    keywords: Mapping[str, float]

    def __call__(self, instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        self.validator(instance, attribute, value)


def keywords(validator: Validator) -> Mapping[str, float]:
    """The keywords of a validator; none for a custom function. Raises TypeError for one of attrs' own validators."""
    if isinstance(validator, Check):
        return validator.keywords
    if validator is None or isfunction(validator):
        return {}
    raise TypeError(f"{validator!r} cannot be described: take one of {__name__}")


def ge(least: float) -> Check:
    """Require a number that is at least this large."""
    return Check(validators.ge(least), {"minimum": least})


def le(most: float) -> Check:
    """Require a number that is at most this large."""
    return Check(validators.le(most), {"maximum": most})


def lt(limit: float) -> Check:
    """Require a number that is less than this."""
    return Check(validators.lt(limit), {"exclusiveMaximum": limit})


def min_len(least: int) -> Check:
    """Require at least this many characters or items."""
    return Check(validators.min_len(least), {"minLength": least})


def max_len(most: int) -> Check:
    """Require at most this many characters or items."""
    return Check(validators.max_len(most), {"maxLength": most})


def and_(*parts: Validator) -> Check:
    """Require everything that all validators require."""
    return Check(validators.and_(*parts), {name: value for part in parts for name, value in keywords(part).items()})


def optional(part: Validator) -> Check:
    """Require the same as another validator, or None."""
    return Check(validators.optional(part), keywords(part))


# A TCP or UDP port.
PORT = and_(ge(1), le(MAX_PORT))
