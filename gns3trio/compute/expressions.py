"""Checks filter expressions (pcap-filter(7)) with the libpcap of this host, which is slow for some expressions.

This is no call of a compute: the document of a whole lab is checked before its nodes have computes, and the grammar is
the same everywhere. A compute compiles an expression again, and raises Invalid, when it comes into force there.
"""

from collections.abc import Callable
from typing import TypeVar

from gns3trio import threads
from gns3trio.errors import Invalid
from gns3trio.forwarder.expressions import check_expression

T = TypeVar("T")
# A function that checks an expression and raises Invalid if it is wrong.
CheckExpression = Callable[[str], None]


async def require_expression(expression: str) -> None:
    """Raises Invalid with the reason if the expression is wrong."""
    await threads.compilers.run(check_expression, expression)


async def with_expressions(check: Callable[[CheckExpression], T], pool: threads.Pool | None = None) -> T:
    """Run ``check`` and return its result. ``check`` gets a function that it must call for each expression, and that
    raises Invalid for a wrong one. If ``check`` itself takes long, it runs in a thread of ``pool``. Raises the errors
    of ``check``.

    Each expression is compiled in a call of its own, so that other callers take turns, and a cancelled caller waits for
    one expression at most. The core caches compiled expressions, so that creating filters and captures with them
    afterwards is fast.
    """
    asked: dict[str, None] = {}

    async def call(take: CheckExpression) -> T:
        return await pool.run(check, take) if pool is not None else check(take)

    result = await call(lambda expression: asked.update({expression: None}))
    for expression in asked:
        try:
            await require_expression(expression)
        except Invalid as error:
            await call(_refusing(expression, error))  # which contains the path to it
            raise
    return result


def _refusing(wrong: str, error: Invalid) -> CheckExpression:
    def take(expression: str) -> None:
        if expression == wrong:
            raise Invalid(str(error))

    return take
