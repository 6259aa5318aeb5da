"""Our core as a program of its own, so that it is measured apart from the traffic tool.

``python -m benchmarks.forwarding.core_child WIRING SENDER RECEIVER [SENDER RECEIVER ...]`` forwards between
these UDP ports of 127.0.0.1 (WIRING is a name in ``WIRINGS``), writes ``ports NEAR FAR [NEAR FAR ...]`` and
``threads TID [TID ...]`` (the workers), and runs until its standard input ends; each line there is answered with the
number of records that the capture has dropped. With the arguments ``idle PORTS`` it
opens so many ports that nobody sends to.
"""

import os
import resource
import select
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import trio
import trio.testing

from benchmarks.forwarding.machine import threads_of
from benchmarks.forwarding.programs import pairs
from gns3trio._udpfwd import lib
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.forwarder.captures import BUSY_BYTES, PAUSE_SECONDS, READ_BYTES, Capture, CaptureFile
from gns3trio.forwarder.forwarder import Bridge, CaptureOptions, Forwarder, Port, open_forwarder
from gns3trio.memory import Total
from gns3trio.traffic.captures import FileRing

LOOPBACK = "127.0.0.1"
STDIN = 0
CAPTURE_FILE_BYTES = 1 << 26
CAPTURE_MEMORY_BYTES = 64 * 1024 * 1024
OFFLOAD_LOOK_SECONDS = 0.05


def bound_socket(stack: ExitStack) -> socket.socket:
    """A UDP socket on a free port of 127.0.0.1."""
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.setblocking(False)
    sock.bind((LOOPBACK, 0))
    return sock


def device_port(stack: ExitStack, forwarder: Forwarder, remote_udp_port: int) -> tuple[Port, int]:
    """A port to a device's UDP port, and its own UDP port."""
    sock = bound_socket(stack)
    return forwarder.open_port(sock, (LOOPBACK, remote_udp_port)), sock.getsockname()[1]


def add_patch(stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
    """One bridge between two devices; gives its two UDP ports."""
    near, near_udp_port = device_port(stack, forwarder, sender)
    far, far_udp_port = device_port(stack, forwarder, receiver)
    forwarder.connect(near, far)
    return near_udp_port, far_udp_port


def add_link(stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[Port, tuple[int, int]]:
    """A link as the server wires it: at each end a device's port patched to a local port, and these two spliced.

    Gives the near local port too, where filters and captures sit.
    """
    near, near_udp_port = device_port(stack, forwarder, sender)
    far, far_udp_port = device_port(stack, forwarder, receiver)
    near_end, far_end = forwarder.open_local(), forwarder.open_local()
    forwarder.connect(near, near_end)
    forwarder.connect(far, far_end)
    forwarder.splice(near_end, far_end)
    return near_end, (near_udp_port, far_udp_port)


def add_spliced(stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
    """A link without anything."""
    return add_link(stack, forwarder, sender, receiver)[1]


def add_filtered(
    stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int, *, filters: Sequence[CoreFilter]
) -> tuple[int, int]:
    """A link with filters."""
    near_end, udp_ports = add_link(stack, forwarder, sender, receiver)
    near_end.set_filters(filters, seed=1)
    return udp_ports


def add_hub(stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
    """Two devices on a hub of their own."""
    near, near_udp_port = device_port(stack, forwarder, sender)
    far, far_udp_port = device_port(stack, forwarder, receiver)
    hub = forwarder.open_hub()
    hub.join(near)
    hub.join(far)
    return near_udp_port, far_udp_port


class SharedSwitch:
    """All devices on one switch."""

    def __init__(self) -> None:
        self._switch: Bridge | None = None

    def __call__(self, stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
        if self._switch is None:
            self._switch = forwarder.open_switch()
        near, near_udp_port = device_port(stack, forwarder, sender)
        far, far_udp_port = device_port(stack, forwarder, receiver)
        self._switch.join(near)
        self._switch.join(far)
        return near_udp_port, far_udp_port


class FirstCaptured:
    """Links, the first of which is captured to a file as the server does it, in a thread that is not the worker's."""

    def __init__(self) -> None:
        self._is_first = True
        self.capture: Capture | None = None

    def __call__(self, stack: ExitStack, forwarder: Forwarder, sender: int, receiver: int) -> tuple[int, int]:
        near_end, udp_ports = add_link(stack, forwarder, sender, receiver)
        if self._is_first:
            self._is_first = False
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            file = CaptureFile(path=folder / "capture.pcap", ring=FileRing(files=2, max_bytes=CAPTURE_FILE_BYTES))
            self.capture = Capture(near_end.capture(CaptureOptions()), file, print, Total(CAPTURE_MEMORY_BYTES))
            self.capture.begin()
            ended = threading.Event()
            writer = threading.Thread(target=write_records, args=(self.capture, forwarder, ended))
            writer.start()
            stack.callback(self.capture.finish)
            stack.callback(writer.join)
            stack.callback(ended.set)
        return udp_ports


def write_records(capture: Capture, forwarder: Forwarder, ended: threading.Event) -> None:
    """What the server's writer does, in a thread that is there all the time."""
    buffer, filling = bytearray(READ_BYTES), lib.udpfwd_captures_full_fd(forwarder.core)
    while not ended.is_set():
        while capture.drain(buffer) >= BUSY_BYTES:
            pass
        if select.select([filling], [], [], PAUSE_SECONDS)[0]:
            os.eventfd_read(filling)


DELAY = CoreFilter("delay", "both", (20_000, 0))
# A petabit per second.
RATE = CoreFilter("rate", "both", (10**15, 1 << 20, 1 << 20))
OFFLOADED = "offloaded"
EXPRESSION = CoreFilter("bpf", "both", expression="ip and udp port 53")
WIRINGS: dict[str, Callable[[ExitStack, Forwarder, int, int], tuple[int, int]]] = {
    "patch": add_patch,
    "spliced": add_spliced,
    OFFLOADED: add_spliced,
    "hub": add_hub,
    "switch": SharedSwitch(),
    "delay": partial(add_filtered, filters=[DELAY]),
    "rate": partial(add_filtered, filters=[RATE]),
    "bpf": partial(add_filtered, filters=[EXPRESSION]),
    "capture": (captured := FirstCaptured()),
}


def add_idle(stack: ExitStack, forwarder: Forwarder, ports: int) -> None:
    """Patched ports whose remote exists and keeps silent."""
    remote = bound_socket(stack).getsockname()[1]
    for _ in range(ports // 2):
        add_patch(stack, forwarder, remote, remote)


async def wait_offloaded(forwarder: Forwarder) -> None:
    """Return when the kernel moves what comes in at any port."""
    while True:
        if all(port.rx_offloaded for port in forwarder.snapshot().values()):
            return
        await trio.sleep(OFFLOAD_LOOK_SECONDS)  # the core tells of frames, not of this


async def answer_until_end_of_input() -> None:
    """Say how many records the capture has dropped whenever a line asks for it."""
    await trio.lowlevel.wait_readable(STDIN)
    while os.read(STDIN, 4096):
        print(captured.capture.counters().dropped if captured.capture is not None else 0, flush=True)
        await trio.lowlevel.wait_readable(STDIN)


async def read_counters(forwarder: Forwarder) -> None:
    """What the server does all the time for its ``link.stats``."""
    while True:
        await forwarder.wait_changed()
        forwarder.snapshot()


async def main(wiring: str, numbers: list[int]) -> None:
    """Forward until standard input ends."""
    before = set(threads_of(os.getpid()))
    async with open_forwarder(kernel_offload=wiring == OFFLOADED) as forwarder:
        # By then the tasks that lend their threads to the core have started them; a capture's writer is none of these.
        await trio.testing.wait_all_tasks_blocked()
        threads = sorted(set(threads_of(os.getpid())) - before)
        with ExitStack() as stack:
            if wiring == "idle":
                add_idle(stack, forwarder, numbers[0])
                print("ports", flush=True)
            else:
                links = [WIRINGS[wiring](stack, forwarder, sender, receiver) for sender, receiver in pairs(numbers)]
                if wiring == OFFLOADED:
                    await wait_offloaded(forwarder)
                print("ports", *(port for link in links for port in link), flush=True)
            print("threads", *threads, flush=True)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_counters, forwarder)
                await answer_until_end_of_input()
                nursery.cancel_scope.cancel()


def allow_descriptors() -> None:
    """As many open files as the system lets us have: a thousand ports are more than the usual limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    allow_descriptors()
    trio.run(main, sys.argv[1], [int(argument) for argument in sys.argv[2:]])
