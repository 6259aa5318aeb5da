"""The classes of this program behave as those of attrs, and are imported without what a server may never need."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from gns3trio import classes

PACKAGE = Path(classes.__file__).parent
Decorator = Callable[..., Any]


def make(define: Decorator, frozen: Decorator) -> list[Any]:
    """Classes of all kinds, each with objects of which some are equal."""

    @define
    class Plain:
        number: int
        texts: list[str] = attrs.field(factory=list)

    @frozen(kw_only=True)
    class Value:
        name: str
        secret: str = attrs.field(default="", repr=False)
        told: int = attrs.field(default=0, eq=False)

    @frozen
    class Single:
        value: Any

    @frozen
    class Empty:
        pass

    @frozen
    class Wider(Single):
        more: int = 0

    @frozen(order=True)
    class Ordered:
        first: int
        second: int

    @define(eq=False)
    class Identity:
        number: int

    @frozen
    class Own:
        number: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, int)

        def __hash__(self) -> int:
            return 1

    return [
        *(Plain(1), Plain(1), Plain(2, ["a"])),
        *(Value(name="a"), Value(name="a", told=1), Value(name="a", secret="b"), Value(name="b")),
        *(Single(1), Single(1.0), Single((1,)), Single([])),
        *(Empty(), Empty()),
        *(Wider(1), Wider(1, 2)),
        *(Ordered(1, 2), Ordered(1, 2), Ordered(0, 3)),
        *(Identity(1), Identity(1)),
        *(Own(1), Own(2)),
        *(1, "text"),
    ]


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except TypeError:
        return TypeError


OURS, THEIRS = make(classes.define, classes.frozen), make(attrs.define, attrs.frozen)


@pytest.mark.parametrize("at", range(len(OURS)))
def test_objects_are_shown_and_compared_as_those_of_attrs(at: int) -> None:
    ours, theirs = OURS[at], THEIRS[at]
    if type(theirs).__name__ != "Identity":
        assert repr(ours) == repr(theirs)
    assert [ours == other for other in OURS] == [theirs == other for other in THEIRS]
    assert [ours != other for other in OURS] == [theirs != other for other in THEIRS]
    assert [outcome(lambda other=other: ours < other) for other in OURS] == [
        outcome(lambda other=other: theirs < other) for other in THEIRS
    ]


@pytest.mark.parametrize("at", range(len(OURS)))
def test_objects_are_hashed_as_those_of_attrs(at: int) -> None:
    def equally_hashed(objects: list[Any]) -> list[Any]:
        own = outcome(lambda: hash(objects[at]))
        return [own is TypeError, *(own == outcome(lambda other=other: hash(other)) for other in objects)]

    for mine, theirs, ours, other in zip(
        equally_hashed(OURS), equally_hashed(THEIRS), [None, *OURS], [None, *THEIRS], strict=True
    ):
        # Objects of two classes may have one hash by chance.
        assert mine == theirs or type(ours) is not type(OURS[at]) or type(other) is not type(THEIRS[at])


def test_an_object_in_itself_is_shown_once() -> None:
    plain = make(classes.define, classes.frozen)[0]
    plain.texts.append(plain)
    assert repr(plain) == "Plain(number=1, texts=[...])"


def test_a_frozen_object_cannot_change() -> None:
    value = next(each for each in OURS if type(each).__name__ == "Value")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.name = "other"
    assert attrs.evolve(value, name="other").name == "other"
    assert not hasattr(value, "__dict__")


def test_all_classes_of_the_program_use_these_decorators() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not re.search(r"^\s*@attrs\.(define|frozen)\b", path.read_text(), re.MULTILINE), path


def test_a_server_without_nodes_has_not_loaded_what_it_does_not_need() -> None:
    nodes = "gns3trio.compute.nodes.vpcs.node, gns3trio.compute.nodes.qemu.node"
    code = f"import sys, gns3trio.server, {nodes}; print(*sys.modules, sep=chr(10))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "gns3trio.compute.nodes.vpcs.engines" in loaded
    unneeded = [
        "gns3trio.compute.nodes.vpcs.builtin_engine",
        "gns3trio.compute.nodes.vpcs.process_engine",
        "gns3trio.compute.nodes.qemu.command",
        "gns3trio.compute.nodes.qemu.virtual_machine",
        "gns3trio.compute.remote.compute",
        "gns3trio.controller.gns3_format.generation1",
        "gns3trio.forwarder.pc",
        "gns3trio.forwarder.pc_types",
        "html",
    ]
    assert [name for name in unneeded if name in loaded] == []
