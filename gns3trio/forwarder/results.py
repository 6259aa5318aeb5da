"""The results of the core's functions: 0 or more, or a negative errno."""

import errno
import os
from typing import Any

from gns3trio._udpfwd import ffi
from gns3trio.errors import Conflict, Invalid

# Size of the buffer for libpcap's messages, which are short.
ERROR_BYTES = 512


def check_result(result: int, error: Any = None) -> int:
    """Check a result of the core: for a failure, raises Invalid with the core's message in ``error``, or Conflict."""
    if result >= 0:
        return result
    message = ffi.string(error).decode(errors="replace") if error is not None else ""
    if result == -errno.EINVAL and message:
        raise Invalid(message)
    if result == -errno.EBUSY:
        raise Conflict("the port is joined to another one already")
    raise Conflict(f"the forwarder refused: {os.strerror(-result)}") from OSError(-result, os.strerror(-result))
