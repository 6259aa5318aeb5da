"""Validators that can be described."""

from typing import Any

import attrs
import pytest

from gns3trio import field_checks as v
from gns3trio.api.json_schema import Schemas


def our_own(instance: object, attribute: object, value: object) -> None:
    if value == 3:
        raise ValueError("is three")


@pytest.mark.parametrize(
    ("kind", "validator", "told", "right", "wrong"),
    [
        (int, v.ge(2), {"minimum": 2}, 2, 1),
        (int, v.le(2), {"maximum": 2}, 2, 3),
        (float, v.lt(2.0), {"exclusiveMaximum": 2.0}, 1.9, 2.0),
        (int, v.and_(v.ge(1), our_own, v.le(9)), {"minimum": 1, "maximum": 9}, 9, 3),
        (int, our_own, {}, 4, 3),
        (str, v.min_len(1), {"minLength": 1}, "a", ""),
        (str, v.max_len(1), {"maxLength": 1}, "a", "ab"),
        (list[int], v.min_len(1), {"minItems": 1}, [0], []),
    ],
)
def test_what_is_demanded_is_described(kind: Any, validator: Any, told: Any, right: Any, wrong: Any) -> None:
    """Alone, and of a value that may be missing, whose description has a part for it."""
    for optional in (False, True):
        asked = v.optional(validator) if optional else validator
        made = attrs.make_class("Body", {"value": attrs.field(validator=asked, type=kind | None if optional else kind)})
        made(right)
        if optional:
            made(None)
        with pytest.raises(ValueError, match=r"value|three"):
            made(wrong)
        schemas = Schemas()
        schemas.of(made, bounded=False)
        schema = schemas.components["Body"]["properties"]["value"]
        part = schema["anyOf"][0] if optional else schema
        assert {name: part[name] for name in told} == told


def test_a_validator_that_cannot_be_described_is_refused() -> None:
    """Its bound would be missing from the description."""
    for validator in (attrs.validators.ge(1), [attrs.validators.ge(1), attrs.validators.le(2)]):
        kind = attrs.make_class("Body", {"value": attrs.field(validator=validator, type=int)})
        with pytest.raises(TypeError, match="cannot be described"):
            Schemas().of(kind, bounded=True)
