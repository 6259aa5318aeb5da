"""Forms made from the classes of settings: types, limits and defaults from the class, words from the notes."""

from typing import Annotated, Literal

import attrs

from gns3trio import field_checks as v
from gns3trio.compute.form_fields import HIDDEN, FieldNote, Form, FormField, OnlyIf, fields_of_class
from gns3trio.limits import MAX_ITEMS, MAX_TEXT, Bound


@attrs.frozen(kw_only=True)
class Door:
    number: int = attrs.field(validator=v.ge(0))
    way: Literal["in", "out"] = "in"
    code: str | None = None


@attrs.frozen(kw_only=True)
class House:
    owner: str = attrs.field(validator=v.min_len(1))
    floors: int = attrs.field(default=2, validator=v.and_(v.ge(1), v.le(9)))
    height: float = 7.5
    old: bool = False
    colour: Literal["", "red"] = ""
    letter: Annotated[str, Bound(30)] | None = None
    names: list[str] = attrs.field(factory=list)
    doors: list[Door] = attrs.field(factory=lambda: [Door(number=0)])
    secret: str = ""
    other: dict[str, str] = attrs.field(factory=dict)


def fields(form: Form) -> dict[str, FormField]:
    return {field.name: field for field in fields_of_class(House, form)}


def test_a_class_alone_makes_a_form() -> None:
    told = fields(Form())
    assert [*told] == ["owner", "floors", "height", "old", "colour", "letter", "names", "doors", "secret"]
    assert {field.control for field in told.values()} == {"text", "number", "flag", "choice", "list", "table"}
    owner, floors, letter = told["owner"], told["floors"], told["letter"]
    assert (owner.label, owner.is_required, owner.min_length, owner.max_length) == ("Owner", True, 1, MAX_TEXT)
    assert (floors.minimum, floors.maximum, floors.is_whole, floors.default) == (1, 9, True, 2)
    assert (told["height"].minimum, told["height"].is_whole, told["height"].default) == (None, False, 7.5)
    assert (letter.may_be_null, letter.max_length, letter.is_required) == (True, 30, False)
    assert [(each.value, each.label) for each in told["colour"].choices or ()] == [("", "none"), ("red", "red")]
    doors = told["doors"]
    assert doors.max_length == MAX_ITEMS and doors.default == [{"number": 0, "way": "in"}]
    assert [column.name for column in doors.columns or ()] == ["number", "way", "code"]
    assert {field.takes_effect for field in told.values()} == {"start"}


def test_notes_say_what_the_class_does_not() -> None:
    doors = FieldNote(key="number", columns={"code": FieldNote(only_if=OnlyIf(column="way", values=("in",)))})
    notes = {
        "letter": FieldNote(label="Letter box", control="lines", group="Advanced", takes_effect="stopped"),
        "colour": FieldNote(labels={"": "bare"}),
        "doors": doors,
        "secret": HIDDEN,
        "not there": FieldNote(),
    }
    told = fields(Form(notes=notes, takes_effect="now"))
    assert [*told][:3] == ["letter", "colour", "doors"] and "secret" not in told
    letter = told["letter"]
    assert (letter.label, letter.control, letter.group, letter.takes_effect) == (
        "Letter box",
        "lines",
        "Advanced",
        "stopped",
    )
    assert [each.label for each in told["colour"].choices or ()] == ["bare", "red"]
    code = next(column for column in told["doors"].columns or () if column.name == "code")
    assert code.only_if == OnlyIf(column="way", values=("in",)) and told["doors"].key == "number"
    assert told["owner"].takes_effect == "now"
