"""Rates of what clients may do: buckets of tokens, which fill with time. Sans-IO: the caller tells the time."""

from gns3trio.classes import frozen


@frozen
class Rate:
    """``burst`` tokens at once, then one every ``seconds``."""

    burst: int
    seconds: float


class Bucket:
    """The tokens that are left, at times ``now`` in seconds that never decrease."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._tokens = float(rate.burst)
        self._counted = now

    def wait(self, now: float) -> float:
        """Seconds until a token is available."""
        self._fill(now)
        return max(0.0, (1 - self._tokens) * self.rate.seconds)

    def take(self, now: float) -> float:
        """Take a token, or what there is of one; returns how much."""
        self._fill(now)
        taken = min(1.0, self._tokens)
        self._tokens -= taken
        return taken

    def give_back(self, taken: float) -> None:
        """Put back what was taken."""
        self._tokens = min(self.rate.burst, self._tokens + taken)

    def _fill(self, now: float) -> None:
        self._tokens = min(self.rate.burst, self._tokens + (now - self._counted) / self.rate.seconds)
        self._counted = now
