"""The core on real veth pairs and TAP devices. Run by test_devices.py in a network namespace of its own."""

import hashlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress

import attrs
import pytest
import trio

from gns3trio.compute.local.devices import Device, open_device
from gns3trio.compute.local.interfaces import exists
from gns3trio.compute.local.leases import bind_udp
from gns3trio.forwarder.forwarder import Forwarder, Patch, open_forwarder
from tests import rtnetlink

PATIENCE = 60
NEAR, FAR = "10.9.0.1", "10.9.0.2"
FRAME = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x01" + b"\x88\xb6" + bytes(range(46))
TCP_BYTES = 4_000_000
# linux/if_packet.h, linux/virtio_net.h
SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CSUM, GSO_TCPV4 = 1, 1

HOLD_DEVICES = """
import socket, time
from tests.own_network import PROBE
exec(PROBE.split("try:")[0])
held = [open_device(NoForwarder(), "tap", "killtap"), open_device(NoForwarder(), "ethernet", "killbr")]
print(next(name for _, name in socket.if_nameindex() if name.startswith("gns3tap")), flush=True)
time.sleep(1000)
"""


@pytest.fixture(scope="module", autouse=True)
def loopback() -> None:
    rtnetlink.set_up("lo")


@attrs.frozen
class Bed:
    """A packet socket on one end of a cable, joined to a TAP device. The other end of each is another machine."""

    forwarder: Forwarder
    cable: Device
    tap: Device
    patch: Patch
    near: rtnetlink.Namespace
    far: rtnetlink.Namespace


def forget_cable() -> None:
    """It may have gone with the machine at its other end."""
    with suppress(OSError):
        rtnetlink.delete("cable")


@asynccontextmanager
async def open_bed() -> AsyncIterator[Bed]:
    """Both machines have an address."""
    rtnetlink.add_veth("cable", "near0")
    rtnetlink.set_up("cable")
    async with open_forwarder() as forwarder:
        with ExitStack() as stack:
            stack.callback(forget_cable)
            cable, tap = open_device(forwarder, "ethernet", "cable"), open_device(forwarder, "tap", "far0")
            stack.callback(tap.close)
            stack.callback(cable.close)
            patch = forwarder.connect(cable.port, tap.port)
            bed = Bed(forwarder, cable, tap, patch, rtnetlink.Namespace(), rtnetlink.Namespace())
            for namespace, name, address in ((bed.near, "near0", NEAR), (bed.far, "far0", FAR)):
                stack.callback(namespace.close)
                namespace.take(name)
                namespace.run(rtnetlink.set_address, name, address)
            yield bed


def carry(sender: rtnetlink.Namespace, receiver: rtnetlink.Namespace, address: str) -> None:
    """TCP_BYTES from one machine to the other must arrive as they are."""
    data = os.urandom(TCP_BYTES)
    with receiver.run(socket.create_server, (address, 7000)) as server:
        server.settimeout(PATIENCE)
        client = sender.run(socket.create_connection, (address, 7000), PATIENCE)
        connection, _ = server.accept()
        thread = threading.Thread(target=send_all, args=(client, data))
        thread.start()
        with connection:
            connection.settimeout(PATIENCE)
            received = hashlib.sha256()
            while piece := connection.recv(1 << 16):
                received.update(piece)
        thread.join()
    assert received.digest() == hashlib.sha256(data).digest()


def send_all(client: socket.socket, data: bytes) -> None:
    with client:
        client.sendall(data)


async def test_tcp_of_the_kernel() -> None:
    """It leaves checksums to the device and gives it many segments in one frame; the far machine accepts neither."""
    async with open_bed() as bed:
        await trio.to_thread.run_sync(carry, bed.near, bed.far, FAR)
        await trio.to_thread.run_sync(carry, bed.far, bed.near, NEAR)
        for device in (bed.cable, bed.tap):
            counters = bed.forwarder.counters(device.port)
            assert counters.rx_bytes > TCP_BYTES
            assert (counters.rx_drops["oversize"], counters.tx_drops["oversize"]) == (0, 0)


async def test_segments_keep_the_tag_of_their_train() -> None:
    payload, segment = os.urandom(2500), 1000
    ip = struct.pack("!BxHHHBBH4s4s", 0x45, 40 + len(payload), 7, 0x4000, 64, 6, 0, *map(socket.inet_aton, (NEAR, FAR)))
    tcp = struct.pack("!HHIIBBHHH", 7000, 7001, 1000, 0, 5 << 4, 0x18, 100, 0, 0)
    tag = b"\x81\x00\x60\x07"
    train = FRAME[:12] + tag + b"\x08\x00" + ip + tcp + payload
    told = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_TCPV4, 58, segment, 38, 16)
    async with open_bed() as bed:
        bed.patch.close()
        with bind_udp("127.0.0.1", 0) as node, bind_udp("127.0.0.1", 0) as held:
            bed.forwarder.connect(bed.cable.port, bed.forwarder.open_port(held, node.getsockname()))
            with bed.near.run(packet_socket, "near0") as host:
                host.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
                host.send(told + train)
            received = b""
            reader = trio.socket.from_stdlib_socket(node)
            with trio.fail_after(PATIENCE):
                while len(received) < len(payload):
                    frame = await reader.recv(65536)
                    if frame[:12] == FRAME[:12]:  # the machine itself has something to say, too
                        assert frame[12:18] == tag + b"\x08\x00"
                        assert len(frame) == 58 + min(segment, len(payload) - len(received))
                        assert frame[42:46] == (1000 + len(received)).to_bytes(4)
                        received += frame[58:]
        assert received == payload


async def test_what_does_not_fit_is_dropped_and_counted() -> None:
    async with open_bed() as bed:
        bed.far.run(rtnetlink.set_mtu, "far0", 9000)
        host = bed.far.run(packet_socket, "far0")
        with host:
            host.send(FRAME.ljust(3000))  # more than the cable takes
            host.send(FRAME)
            with trio.fail_after(PATIENCE):
                while bed.forwarder.counters(bed.cable.port).tx_drops["oversize"] != 1:
                    await trio.sleep(0.001)


def packet_socket(name: str) -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((name, 3))
    return sock


async def test_an_interface_that_was_down_goes_on() -> None:
    async with open_bed() as bed:
        rtnetlink.set_up("cable", False)
        with bed.far.run(packet_socket, "far0") as host, trio.fail_after(PATIENCE):
            while bed.forwarder.counters(bed.cable.port).tx_drops["error"] == 0:
                host.send(FRAME)
                await trio.sleep(0.001)
            rtnetlink.set_up("cable")
            await trio.to_thread.run_sync(carry, bed.near, bed.far, FAR)


def test_a_killed_process_leaves_nothing() -> None:
    rtnetlink.add_bridge("killbr")
    holder = subprocess.Popen([sys.executable, "-c", HOLD_DEVICES], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    own_tap = holder.stdout.readline().strip()
    assert own_tap.startswith("gns3tap") and exists(own_tap) and exists("killtap")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert not exists("killtap") and not exists(own_tap)
    rtnetlink.delete("killbr")
