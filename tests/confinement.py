"""For tests of what the kernel keeps programs from."""

import pytest

from gns3trio.compute.nodes.parts.sandbox import look_for_means


def require_confinement() -> None:
    """Skip the test on a kernel that cannot confine programs fully."""
    if lacks := look_for_means().lacks:
        pytest.skip(f"this kernel lacks {lacks}")
