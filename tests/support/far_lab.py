"""A lab with nodes on another host, through version 2 of the API."""

from typing import Any

from tests.support.lab import Lab
from tests.support.pings import script

# What pings show: an answer, none, or that nobody there has the address.
REPLY, TIMEOUT, NOBODY = b"ttl=64", b"timeout", b"not reachable"


async def far_pcs(lab: Lab, *numbers: int) -> list[dict[str, Any]]:
    """VPCS on the other host, with addresses as soon as they run."""
    return [await lab.node("vpcs", name=f"FAR{number}", compute_id="far", **script(number)) for number in numbers]
