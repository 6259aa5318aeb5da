"""The core on real veth pairs and TAP devices. Run by test_devices.py in a network namespace of its own."""

import errno
import fcntl
import hashlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial

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
# linux/if_packet.h, linux/virtio_net.h, linux/if_tun.h
SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CSUM, GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4, GSO_ECN = 1, 1, 4, 5, 0x80
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
TAG, SERVICE_TAG = b"\x81\x00\x60\x07", b"\x88\xa8\x00\x08"

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


async def test_trains_cross_a_plain_link_whole() -> None:
    async with open_forwarder() as forwarder:
        with ExitStack() as stack:
            ends, hosts = forwarder.open_link([], 1, suspended=False), []
            for name, address, end in (("left0", NEAR, ends[0]), ("right0", FAR, ends[1])):
                device = open_device(forwarder, "tap", name)
                stack.callback(device.close)
                forwarder.connect(device.port, end)
                host = rtnetlink.Namespace()
                stack.callback(host.close)
                host.take(name)
                host.run(rtnetlink.set_address, name, address)
                hosts.append(host)
            seen = stack.enter_context(hosts[1].run(packet_socket, "right0"))
            await trio.to_thread.run_sync(carry, hosts[0], hosts[1], FAR)
            sizes = []
            with suppress(BlockingIOError):
                while True:
                    sizes.append(len(seen.recv(1 << 17, socket.MSG_DONTWAIT)))
            assert max(sizes) > 4 * 1514
            for end in ends:
                counters = forwarder.counters(end)
                assert counters.rx_bytes + counters.tx_bytes > TCP_BYTES
                assert (counters.rx_frames + counters.tx_frames) * 1514 > TCP_BYTES  # as they would be on a wire


@attrs.frozen
class Train:
    """A large frame for a device that splits it. ``headers`` are those of IP before TCP or UDP."""

    name: str
    gso_type: int
    headers: bytes
    flags: int = 0x18
    tags: bytes = b""
    payload: int = 5000
    segment: int = 1000

    @property
    def before(self) -> bytes:
        """Headers of Ethernet and IP."""
        ethertype = b"\x08\x00" if self.headers[0] >> 4 == 4 else b"\x86\xdd"
        return FRAME[:12] + self.tags + ethertype + self.headers

    def message(self) -> bytes:
        """With the account of it that a packet socket takes."""
        is_udp = self.gso_type == GSO_UDP_L4
        body = random.Random(self.name).randbytes(self.payload)
        length = (8 if is_udp else 20) + len(body)
        addresses = self.headers[12:20] if self.headers[0] >> 4 == 4 else self.headers[8:40]
        pseudo = addresses + struct.pack("!HH", 17 if is_udp else 6, length)
        total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
        total = (total & 0xFFFF) + (total >> 16)
        checksum = (total & 0xFFFF) + (total >> 16)
        if is_udp:
            transport = struct.pack("!HHHH", 7000, 7001, length, checksum)
        else:
            transport = struct.pack("!HHIIBBHHH", 7000, 7001, 0xFFFFF000, 5, 5 << 4, self.flags, 100, checksum, 0)
        told = (NEEDS_CSUM, self.gso_type, len(self.before) + len(transport), self.segment, len(self.before))
        return struct.pack("=BBHHHH", *told, 6 if is_udp else 16) + self.before + transport + body


def ipv4(protocol: int, options: bytes = b"", number: int = 7) -> bytes:
    """A header; its length and checksum are of no concern."""
    first = struct.pack("!BxHHHBBH", 0x45 + len(options) // 4, 0, number, 0x4000, 64, protocol, 0)
    return first + socket.inet_aton(NEAR) + socket.inet_aton(FAR) + options


def ipv6(protocol: int, extensions: bytes = b"") -> bytes:
    """A header, and extension headers, of which the first is one of options for the destination."""
    near, far = socket.inet_pton(socket.AF_INET6, "fd00::1"), socket.inet_pton(socket.AF_INET6, "fd00::2")
    return struct.pack("!IHBB", 6 << 28, 0, 60 if extensions else protocol, 64) + near + far + extensions


TRAINS = [
    Train("TCP over IPv4", GSO_TCPV4, ipv4(6)),
    Train("all flags", GSO_TCPV4 | GSO_ECN, ipv4(6), flags=0xFF),
    Train("number of IPv4 wraps", GSO_TCPV4, ipv4(6, number=0xFFFE)),
    Train("options of IPv4", GSO_TCPV4, ipv4(6, b"\x94\x04\x00\x00" + b"\x01" * 36)),
    Train("a last segment of one byte", GSO_TCPV4, ipv4(6), payload=3001),
    Train("large", GSO_TCPV4, ipv4(6), payload=65000, segment=1448),
    Train("one tag", GSO_TCPV4, ipv4(6), tags=TAG),
    Train("two tags", GSO_TCPV4, ipv4(6), tags=SERVICE_TAG + TAG),
    Train("TCP over IPv6", GSO_TCPV6, ipv6(6), flags=0x99),
    Train("options of IPv6", GSO_TCPV6, ipv6(6, b"\x06\x01\x01\x0c" + bytes(12)), tags=TAG),
    Train("UDP over IPv4", GSO_UDP_L4, ipv4(17)),
    Train("UDP over IPv6", GSO_UDP_L4, ipv6(17), payload=5500),
]


def open_plain_tap(stack: ExitStack, name: str) -> int:
    """A TAP device that carries no trains: the kernel splits them before."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    rtnetlink.set_up(name)
    return descriptor


async def test_segments_are_those_of_the_kernel() -> None:
    async with open_forwarder() as forwarder:
        with ExitStack() as stack:
            plain = open_plain_tap(stack, "plain0")
            device = open_device(forwarder, "tap", "trains0")
            stack.callback(device.close)
            node, held = (stack.enter_context(bind_udp("127.0.0.1", 0)) for _ in range(2))
            forwarder.connect(device.port, forwarder.open_port(held, node.getsockname()))
            node.settimeout(PATIENCE)
            senders = []
            for name in ("plain0", "trains0"):
                sender = stack.enter_context(packet_socket(name))
                sender.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
                senders.append(sender)
            for train in TRAINS:
                try:
                    for sender in senders:
                        sender.send(train.message())
                except OSError as error:
                    if train.gso_type == GSO_UDP_L4 and error.errno == errno.EINVAL:
                        continue  # Linux before 6.2 cannot be told of such trains
                    raise
                count = -(-train.payload // train.segment)
                wanted = await trio.to_thread.run_sync(take_segments, partial(os.read, plain, 65536), count)
                assert await trio.to_thread.run_sync(take_segments, partial(node.recv, 65536), count) == wanted, (
                    train.name
                )


async def test_a_train_that_a_device_refuses_is_split() -> None:
    """Linux takes at most 128 segments of UDP in one frame; before 6.2 it takes none."""
    train = Train("many", GSO_UDP_L4, ipv4(17), payload=20_000, segment=100)
    async with open_forwarder() as forwarder:
        with ExitStack() as stack:
            guest, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)  # stands for a device of another kernel
            stack.callback(guest.close)
            stack.callback(end.close)
            end.setblocking(False)
            device = open_device(forwarder, "tap", "refuses0")
            stack.callback(device.close)
            forwarder.connect(forwarder.open_interface(end.fileno(), "tap"), device.port)
            with packet_socket("refuses0") as host:
                host.settimeout(PATIENCE)
                guest.send(train.message())
                frames = await trio.to_thread.run_sync(take_segments, partial(host.recv, 65536), 200)
            assert {len(frame) for frame in frames} == {len(train.before) + 8 + 100}
            counters = forwarder.counters(device.port)
            assert counters.tx_frames >= 200 and not any(counters.tx_drops.values())


def take_segments(read: Callable[[], bytes], count: int) -> list[bytes]:
    """Frames of the test; the machine itself has something to say, too."""
    taken: list[bytes] = []
    while len(taken) < count:
        frame = read()
        if frame[:12] == FRAME[:12]:
            taken.append(frame)
    return taken


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
