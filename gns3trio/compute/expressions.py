"""Filter expressions (pcap-filter(7)), checked by the libpcap of this host, which takes its time for some."""

from collections.abc import Callable
from typing import TypeVar

from gns3trio import threads
from gns3trio.errors import Invalid
from gns3trio.forwarder.forwarder import check_expression

T = TypeVar("T")
# Takes an expression, and raises Invalid for a wrong one.
CheckExpression = Callable[[str], None]


async def require_expression(expression: str) -> None:
    """Raises Invalid with the reason for what is no expression."""
    await threads.compilers.run(check_expression, expression)


async def with_expressions(check: Callable[[CheckExpression], T], pool: threads.Pool | None = None) -> T:
    """What ``check`` returns. It is called with what it has to call for each expression, and which raises Invalid for
    a wrong one; in a thread of ``pool`` when it takes long itself. Raises what ``check`` raises.

    Each expression is compiled in a turn of its own: others have theirs between, and a caller that is cancelled waits
    for one at most. The core remembers what came of them, so filters and captures that are made with them soon are made
    at once.
    """
    asked: dict[str, None] = {}

    async def call(take: CheckExpression) -> T:
        return await pool.run(check, take) if pool is not None else check(take)

    result = await call(lambda expression: asked.update({expression: None}))
    for expression in asked:
        try:
            await require_expression(expression)
        except Invalid as error:
            await call(_refusing(expression, error))  # which says where it is
            raise
    return result


def _refusing(wrong: str, error: Invalid) -> CheckExpression:
    def take(expression: str) -> None:
        if expression == wrong:
            raise Invalid(str(error))

    return take
