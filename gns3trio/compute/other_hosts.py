"""Computes on other hosts: their address, and what they tell the controller. Protocols and values only.

``compute/remote`` implements them for servers that speak GNS3's compute API.
"""

import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol
from uuid import UUID

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute
from gns3trio.compute.node import NodeStatus
from gns3trio.errors import Invalid


@frozen(kw_only=True)
class ComputeAddress:
    """How a compute is reached. ``certificate`` is a PEM text: that of the compute, if the authorities of this host do
    not vouch for it.
    """

    compute_id: str
    name: str
    protocol: Literal["http", "https"]
    host: str
    port: int
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    certificate: str | None = attrs.field(default=None, repr=False)


def context_for(certificate: str) -> ssl.SSLContext:
    """A TLS context that trusts this certificate alone, whatever name is in it. Raises Invalid if it is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=certificate)
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: not ASCII
        raise Invalid("certificate: is not a certificate in PEM") from None
    return context


class OpenedProjects(Protocol):
    """The record of which projects are open at a compute on another host, or may be. It outlives this server."""

    def ids(self) -> Collection[UUID]:
        """The projects."""

    async def add(self, project_id: UUID) -> None:
        """The project is about to be opened there. Raises Unavailable if this cannot be recorded."""

    async def note_left(self, project_id: UUID) -> None:
        """Note that a project is closed only now, so that more of it may be left there than anybody knows."""

    async def remove(self, project_id: UUID) -> None:
        """The project is closed there."""


class ComputeWatcher(Protocol):
    """What a compute on another host tells its controller. The calls return at once."""

    def opened_at(self, compute_id: str) -> OpenedProjects:
        """The record for a compute."""

    def changed(self, compute: "OtherCompute") -> None:
        """It became reachable or unreachable."""

    def returned(self, compute: "OtherCompute", lost: Mapping[UUID, NodeStatus]) -> None:
        """It can be reached again. ``lost`` are the nodes that it has no longer, because it was started anew, each with
        its status before. They have to be created again.
        """

    def told(
        self, compute: "OtherCompute", level: Literal["error", "warning", "info"], message: str, project_id: UUID | None
    ) -> None:
        """It has a message for the users of a project, or of the server."""


@frozen
class EmulatorReply:
    """The reply of an emulator's route. ``content`` are the pieces of its body."""

    status: int
    content_type: str
    content: AsyncIterator[bytes]


class OtherCompute(Compute, Protocol):
    """A compute on another host. ``run`` connects to it, again and again, as long as it runs."""

    @property
    def address(self) -> ComputeAddress:
        """Where it is."""

    @property
    def own_version(self) -> str | None:
        """The version of a server of ours, as it said last; None for another one, or one that was never reached."""

    async def run(self) -> None:
        """Keep up the connection, until cancelled."""

    def move(self, address: ComputeAddress) -> None:
        """Its address or credentials changed: connect anew."""

    def hurry(self) -> None:
        """The server stops: wait for the compute a few seconds at most while it is silent."""

    async def wait_tried(self) -> None:
        """Return when it is known whether it can be reached at its present address."""

    async def find_idlepc(self, platform: str, image: str, ram: int) -> dict[str, Any]:
        """Let a router of its own there, which exists only for this, look for an Idle-PC value; returns the answer of
        its emulator. Raises what the compute says.
        """

    def forward(
        self, method: str, path: str, content: AsyncIterator[bytes] | None, length: int | None
    ) -> AbstractAsyncContextManager[EmulatorReply]:
        """Send a request to a route of an emulator, such as ``qemu/images``.

        Raises Unavailable if the compute cannot be reached.
        """
