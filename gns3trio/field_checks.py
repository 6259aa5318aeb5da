"""Validators of attrs that tell what they demand, in the words of JSON Schema, so that the API can describe it."""

from collections.abc import Mapping
from inspect import isfunction
from typing import Any

import attrs
from attrs import validators

Validator = Any  # attrs types them by the field's type, which is not known here


@attrs.frozen
class Check:
    """A validator, and the keywords of a JSON Schema that demand the same of a number or of the length of a text."""

    validator: Validator
    keywords: Mapping[str, float]

    def __call__(self, instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        self.validator(instance, attribute, value)


def keywords(validator: Validator) -> Mapping[str, float]:
    """The keywords of a validator: none for a function of our own. Raises TypeError for one of attrs itself."""
    if isinstance(validator, Check):
        return validator.keywords
    if validator is None or isfunction(validator):
        return {}
    raise TypeError(f"{validator!r} cannot be described: take one of {__name__}")


def ge(least: float) -> Check:
    """At least so much."""
    return Check(validators.ge(least), {"minimum": least})


def le(most: float) -> Check:
    """At most so much."""
    return Check(validators.le(most), {"maximum": most})


def lt(limit: float) -> Check:
    """Less than so much."""
    return Check(validators.lt(limit), {"exclusiveMaximum": limit})


def min_len(least: int) -> Check:
    """At least so many characters or items."""
    return Check(validators.min_len(least), {"minLength": least})


def max_len(most: int) -> Check:
    """At most so many characters or items."""
    return Check(validators.max_len(most), {"maxLength": most})


def and_(*parts: Validator) -> Check:
    """All of them."""
    return Check(validators.and_(*parts), {name: value for part in parts for name, value in keywords(part).items()})


def optional(part: Validator) -> Check:
    """The same, or None."""
    return Check(validators.optional(part), keywords(part))
