"""For tests of links that the kernel serves."""

import pytest

from gns3trio.errors import Unavailable
from gns3trio.forwarder.forwarder import check_kernel_offload


def require_kernel_offload() -> None:
    """Skip the test, with the reason, where that is not possible."""
    try:
        check_kernel_offload()
    except Unavailable as error:
        pytest.skip(str(error))
