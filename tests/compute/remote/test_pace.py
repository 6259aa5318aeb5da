"""How often something is taken from a compute. The clock jumps."""

from typing import Any

import trio

from gns3trio.compute.remote.pace import Pace


async def test_no_second_has_more_than_it_may(autojump_clock: Any) -> None:
    pace, begun = Pace(3), trio.current_time()
    taken = []
    for _ in range(10):
        await pace.wait()
        taken.append(trio.current_time() - begun)
    assert taken == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]


async def test_what_was_not_taken_is_not_made_up_for(autojump_clock: Any) -> None:
    pace = Pace(3)
    await trio.sleep(10)
    begun = trio.current_time()
    for _ in range(4):
        await pace.wait()
    assert trio.current_time() - begun == 1
