"""Limits how often something is taken from a compute: more has to wait there, and costs the clients here nothing."""

import trio


class Pace:
    """At most so many of something in each second."""

    def __init__(self, most_per_second: int) -> None:
        self._most = most_per_second
        self._ends, self._taken = trio.current_time() + 1, 0

    async def wait(self) -> None:
        """Return when the next may be taken."""
        if self._taken == self._most:
            await trio.sleep_until(self._ends)
        if trio.current_time() >= self._ends:
            self._ends, self._taken = trio.current_time() + 1, 0
        self._taken += 1
