"""The interfaces of a container: TAP devices in its network namespace, whose other ends are ports of the core.

A descriptor of ``/dev/net/tun`` belongs for ever to the network namespace in which it was opened. So a thread enters
the namespace, opens the devices there and ends; no other thread of the server ever leaves the server's own namespace.
The devices disappear when they are closed, when the server ends in whatever way, or with the container.

Sources: Documentation/networking/tuntap.rst of Linux, setns(2), pidfd_open(2), cgroups(7), linux/if_tun.h.
"""

import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

import trio

from gns3trio.classes import frozen
from gns3trio.compute.local.devices import DevicePort, open_tap, refusal
from gns3trio.errors import Conflict, NoThread
from gns3trio.forwarder.forwarder import Forwarder, Port

_CLONE_NEWNET = 0x40000000
_SIOCSIFHWADDR, _TUNGETIFF, _TUNSETCARRIER = 0x8924, 0x800454D2, 0x400454E2
_ARPHRD_ETHER = 1
_IFREQ_BYTES = 40
_T = TypeVar("_T")


@frozen
class ContainerAdapter:
    """An interface as it shall be in the container: ``eth0``, and its MAC address as ``02:42:0a:00:00:01``."""

    name: str
    mac: str


class ContainerTap(DevicePort):
    """An interface in a container, and the port of the core at its other end. Use ``open_container_taps``."""

    def __init__(self, adapter: ContainerAdapter, descriptor: int, port: Port, held: ExitStack) -> None:
        super().__init__(port, held)
        self.adapter = adapter
        self._descriptor = descriptor

    def set_carrier(self, is_linked: bool) -> None:
        """Show inside whether a cable is plugged in. Does nothing if the container has deleted the interface, or the
        kernel (before Linux 5.0) cannot show it.
        """
        with suppress(OSError):
            fcntl.ioctl(self._descriptor, _TUNSETCARRIER, struct.pack("i", is_linked))

    @property
    def is_lost(self) -> bool:
        """Whether the container has deleted the interface, or has ended. One that was renamed or moved is not lost."""
        try:
            fcntl.ioctl(self._descriptor, _TUNGETIFF, bytes(_IFREQ_BYTES))
        except OSError as error:
            return error.errno in (errno.EBADFD, errno.EBADF)
        return False


def open_container_taps(
    forwarder: Forwarder, pid: int, container_id: str, adapters: Sequence[ContainerAdapter]
) -> list[ContainerTap]:
    """Open these interfaces in the network namespace of a container. They are down, and have no carrier.

    ``pid`` is the container's first process, ``container_id`` the whole id of the engine. Takes about a millisecond per
    interface, so it is called in a thread (``threads.devices``). All of the interfaces are opened, or none.

    Raises Conflict: the container has ended, an interface of that name exists in it, or this server lacks a privilege.
    Raises NoThread if the system has no thread for it.
    """
    with ExitStack() as stack:
        namespace = open_network_namespace(pid, container_id)
        try:
            opened = _in_namespace(namespace, lambda: [_open(adapter, stack) for adapter in adapters])
        finally:
            os.close(namespace)
        taps = []
        for adapter, (descriptor, held) in zip(adapters, opened, strict=True):
            port = forwarder.open_interface(descriptor, "tap")
            stack.callback(port.close)
            taps.append(ContainerTap(adapter, descriptor, port, held))
        stack.pop_all()
        return taps


def open_namespace_socket(pid: int, container_id: str, family: int, kind: int) -> socket.socket:
    """A socket in the network namespace of a container. Call it in a thread. Raises as ``open_container_taps``."""
    namespace = open_network_namespace(pid, container_id)
    try:
        return _in_namespace(namespace, lambda: socket.socket(family, kind))
    finally:
        os.close(namespace)


async def close_container_taps(taps: Sequence[ContainerTap]) -> None:
    """Close interfaces, several at a time: the kernel waits for each, but for many at once. Cannot be cancelled."""
    async with trio.open_nursery() as nursery:
        for tap in taps:
            nursery.start_soon(tap.aclose)


def open_network_namespace(pid: int, container_id: str) -> int:
    """A descriptor of the network namespace of a container, which the caller must close.

    The number ``pid`` may belong to another process by now. So it is held by a pidfd, and only a process in the
    container's cgroup is accepted, whose namespace is not that of this server. Raises Conflict.
    """
    gone = Conflict(f"The container {container_id[:12]} has ended")
    if pid <= 0:
        raise gone
    with ExitStack() as stack:
        try:
            pidfd = os.pidfd_open(pid)
            stack.callback(os.close, pidfd)
            cgroup = Path(f"/proc/{pid}/cgroup").read_text()
            namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, namespace)
        except (ProcessLookupError, FileNotFoundError):
            raise gone from None
        except OSError as error:
            what = f"The network of container {container_id[:12]} cannot be opened"
            raise refusal(what, error, "CAP_SYS_PTRACE") from None
        if select.select([pidfd], [], [], 0)[0] or container_id not in cgroup:
            raise gone
        if os.path.sameopenfile(namespace, _own_namespace(stack)):
            raise Conflict(
                f"The container {container_id[:12]} has the network of this host, and no interfaces of its own"
            )
        return os.dup(namespace)


def _own_namespace(stack: ExitStack) -> int:
    descriptor = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    return descriptor


def _open(adapter: ContainerAdapter, stack: ExitStack) -> tuple[int, ExitStack]:
    """Open an interface in the namespace of this thread; ``stack`` closes it too."""
    held = stack.enter_context(ExitStack())
    descriptor, _ = open_tap(held, adapter.name)
    address = bytes.fromhex(adapter.mac.replace(":", ""))
    try:
        fcntl.ioctl(descriptor, _SIOCSIFHWADDR, struct.pack("16sH6s16x", adapter.name.encode(), _ARPHRD_ETHER, address))
    except OSError as error:
        raise refusal(f"{adapter.name} cannot have the MAC address {adapter.mac}", error, "CAP_NET_ADMIN") from None
    with suppress(OSError):  # before Linux 5.0 it is not known
        fcntl.ioctl(descriptor, _TUNSETCARRIER, struct.pack("i", False))
    return descriptor, held


def _in_namespace(namespace: int, work: Callable[[], _T]) -> _T:
    """The result of ``work`` in a thread of its own in the namespace."""
    results: list[_T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            _enter(namespace)
            results.append(work())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="container interfaces")
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThread(f"no thread could be started: {error}") from error
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) < 0:
        number = ctypes.get_errno()
        error = OSError(number, os.strerror(number))
        raise refusal("The network of the container cannot be entered", error, "CAP_SYS_ADMIN")
