"""The decorators ``define`` and ``frozen`` of attrs, for classes that are imported quickly.

attrs writes and compiles the methods of each class. For the hundreds of classes of this program, those that show,
compare and hash an object were a sixth of the server's start, and 4 MB. Here all classes share them, which get the
values of an object by an ``attrgetter``: comparing takes 0.1 us more. A class that is compared or hashed so often that
this matters says ``eq=True``, and gets the methods of attrs. All else is as with attrs.
"""

import linecache
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:  # type checkers know these decorators by name
    from attrs import define as define
    from attrs import frozen as frozen
else:

    def define(kind=None, /, **options):
        """As ``attrs.define``."""
        return _decorate(attrs.define, kind, options)

    def frozen(kind=None, /, **options):
        """As ``attrs.frozen``."""
        return _decorate(attrs.frozen, kind, {**options, "frozen": True})


def _decorate(decorator: Callable[..., Any], kind: type | None, options: dict[str, Any]) -> Any:
    if kind is None:
        return lambda kind: _decorate(decorator, kind, options)
    own = vars(kind)
    methods: dict[str, Any] = {} if "__repr__" in own else {"__repr__": _show}
    # With an order, attrs needs the methods of its own.
    if "eq" not in options and not options.get("order") and "__eq__" not in own:
        options = {**options, "eq": False}
        methods |= {"__eq__": _equals, "__hash__": _hash if options.get("frozen") else None}
    made = decorator(kind, repr=False, **options)
    for name, method in methods.items():
        setattr(made, name, method)
    if "__eq__" in methods:
        names = [field.name for field in attrs.fields(made) if field.eq]
        made.__values__ = staticmethod(attrgetter(*names) if names else _no_values)
    # attrs keeps the text of its methods for debuggers: 1 MB for all classes.
    linecache.cache.pop(f"<attrs generated methods {made.__module__}.{made.__qualname__}>", None)
    return made


@recursive_repr("...")
def _show(value: Any) -> str:
    kind = type(value)
    shown = [
        f"{field.name}={(field.repr if callable(field.repr) else repr)(getattr(value, field.name, attrs.NOTHING))}"
        for field in attrs.fields(kind)
        if field.repr
    ]
    return f"{kind.__qualname__.rpartition('>.')[2]}({', '.join(shown)})"


def _equals(value: Any, other: Any) -> Any:
    kind = type(value)
    if type(other) is not kind:
        return NotImplemented
    return kind.__values__(value) == kind.__values__(other)


def _hash(value: Any) -> int:
    return hash(type(value).__values__(value))


def _no_values(value: Any) -> tuple[()]:
    return ()
