"""What cannot be taken back is told once."""

import pytest

from gns3trio.controller.as_code.undo import Undo
from gns3trio.errors import Conflict


@pytest.mark.parametrize(("steps", "more"), [(1, ""), (1000, ", and 999 more")])
async def test_failures_are_told_once(steps: int, more: str) -> None:
    told: list[str] = []

    async def fail() -> None:
        raise Conflict("no")

    with pytest.raises(ValueError, match="the reason"):
        async with Undo(told.append) as undo:
            for _ in range(steps):
                undo.by(fail)
            raise ValueError("the reason")
    assert told == [f"a change could not be taken back as a whole: no{more}"]
