"""Times as GNS3 3 writes them: UTC without a zone, to the second."""

import time
from datetime import UTC, datetime

_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def date_text(seconds: float) -> str:
    """A time in seconds since 1970, as ``2026-11-29T21:16:38``."""
    moment = datetime.fromtimestamp(min(max(seconds, 0.0), _LATEST), UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def now_text() -> str:
    """The time now."""
    return date_text(time.time())
