"""What the commands tell of nodes."""

import pytest

from gns3trio.commands.lab import has_console


@pytest.mark.parametrize(
    ("console", "console_type", "has"),
    [(5000, "telnet", True), (5000, "vnc", True), (5000, "none", False), (5000, None, False), (None, "telnet", False)],
)
def test_a_console_has_a_port_and_a_type(console: int | None, console_type: str | None, has: bool) -> None:
    """Nodes of projects of GNS3 2.0 have a port without a type."""
    assert has_console({"console": console, "console_type": console_type}) is has
