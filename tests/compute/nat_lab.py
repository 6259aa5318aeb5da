"""A small Internet, and guests with real TCP/IP stacks, each in a network namespace of its own. For tests that run in a
namespace, where every privilege over networks is given and nothing is harmed.
"""

import http.client
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import attrs
import trio

from gns3trio.compute.local import devices
from gns3trio.forwarder.forwarder import Bridge, Forwarder
from tests import rtnetlink

HOST, INTERNET = "198.51.100.1", "198.51.100.2"
GATEWAY = "192.168.122.1"
WEB_NAME = "web.example"
PAGE = b"<title>a page from outside</title>"
LOOPBACK = "127.0.0.1"
PATIENCE = 30

T = TypeVar("T")


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


class _WebServer(ThreadingHTTPServer):
    request_queue_size = 256


def answer_name(query: bytes, address: str = INTERNET) -> bytes:
    """The answer of a DNS server that knows one name (RFC 1035)."""
    question = query[12:]
    is_known = question.startswith(_encoded(WEB_NAME))
    header = query[:2] + struct.pack("!HHHHH", 0x8180 if is_known else 0x8183, 1, int(is_known), 0, 0)
    answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
    return header + question + (answer if is_known else b"")


def _encoded(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


@contextmanager
def serving(sock: socket.socket, answer: Callable[[bytes], bytes]) -> Iterator[None]:
    """Answer the datagrams at a socket in a thread."""
    sock.settimeout(None)

    def run() -> None:
        while True:
            try:
                data, sender = sock.recvfrom(65536)
                if sender is None:
                    return  # it was shut down
                sock.sendto(answer(data), sender)
            except OSError:
                return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):  # it is not connected, but its reader wakes up all the same
            sock.shutdown(socket.SHUT_RD)
        thread.join()
        sock.close()


def udp_socket(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    sock.bind((address, port))
    return sock


@contextmanager
def open_internet() -> Iterator[rtnetlink.Namespace]:
    """Another machine, with a web server and a DNS server that knows it, at the other end of a cable of this host."""
    rtnetlink.set_up("lo")
    rtnetlink.add_veth("host0", "inet0")
    namespace = rtnetlink.Namespace()
    with ExitStack() as stack:
        stack.callback(namespace.close)
        stack.callback(rtnetlink.delete, "host0")
        namespace.take("inet0")
        namespace.run(rtnetlink.set_up, "lo")
        namespace.run(rtnetlink.set_address, "inet0", INTERNET)
        rtnetlink.set_address("host0", HOST)
        stack.enter_context(serving(namespace.run(udp_socket, INTERNET, 53), answer_name))
        stack.enter_context(serving(namespace.run(udp_socket, INTERNET, 7), lambda data: data))
        web = namespace.run(lambda: _WebServer((INTERNET, 80), _Page))
        stack.enter_context(web_serving(web))
        yield namespace


@contextmanager
def web_serving(web: ThreadingHTTPServer) -> Iterator[None]:
    """Serve pages in a thread."""
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def page_server(address: str, port: int = 0) -> ThreadingHTTPServer:
    """A web server that is not running yet."""
    return _WebServer((address, port), _Page)


@attrs.frozen
class Uplink:
    """A cable to a NAT: the socket of its near end, and the UDP port of this host to which it leads."""

    socket: socket.socket
    lport: int


class Guest:
    """A Linux with one interface. Its functions run in a thread there."""

    def __init__(self, namespace: rtnetlink.Namespace, address: str) -> None:
        self.namespace, self.address = namespace, address

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function there."""
        return self.namespace.run(function, *arguments)

    def fetch_by_name(self) -> bytes:
        """Ask the gateway for the address of the web server, and get its page."""
        return self.run(lambda: fetch(resolve(WEB_NAME)))


def resolve(name: str, server: str = GATEWAY) -> str:
    """The address of a name, asked as often as the stub resolver of a C library does."""
    query = b"\x12\x34" + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + _encoded(name) + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((server, 53))
        sock.settimeout(5)
        for _ in range(6):
            sock.send(query)
            try:
                answer = sock.recv(4096)
            except TimeoutError:
                continue
            assert answer[:2] == query[:2] and struct.unpack_from("!H", answer, 6) == (1,), answer
            return socket.inet_ntoa(answer[-4:])
    raise TimeoutError(f"no answer from {server}")


def fetch(address: str, port: int = 80, timeout: float = PATIENCE) -> bytes:
    """The page at a web server."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


def _plug_in(stack: ExitStack, address: str) -> int:
    descriptor, name = devices.open_tap(stack, "eth0")
    rtnetlink.set_up("lo")
    rtnetlink.set_address(name, address)
    rtnetlink.add_default_route(GATEWAY)
    rtnetlink.ask_neighbours(name, PATIENCE)  # not EHOSTUNREACH when a busy machine gives it no answer for 3 s
    return descriptor


@contextmanager
def open_switch(forwarder: Forwarder, uplink: Uplink) -> Iterator[Bridge]:
    """A switch of ``forwarder`` with that uplink."""
    with forwarder.open_switch() as switch, forwarder.open_port(uplink.socket, (LOOPBACK, uplink.lport)) as port:
        switch.join(port)
        yield switch


@contextmanager
def open_guests(forwarder: Forwarder, addresses: list[str], uplink: Uplink) -> Iterator[list[Guest]]:
    """Guests on such a switch."""
    with open_switch(forwarder, uplink) as switch, ExitStack() as stack:
        guests = []
        for address in addresses:
            namespace = rtnetlink.Namespace()
            stack.callback(namespace.close)
            descriptor = namespace.run(_plug_in, stack, address)
            switch.join(stack.enter_context(forwarder.open_interface(descriptor, "tap")))
            guests.append(Guest(namespace, address))
        yield guests


def at_once(functions: list[Callable[[], T]]) -> list[T]:
    """Call all functions at the same time."""
    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(function) for function in functions]]


# --- frames that are made by hand ---


def _sum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ipv4(protocol: int, source: str, target: str, payload: bytes, identification: int = 1, fragment: int = 0) -> bytes:
    addresses = socket.inet_aton(source) + socket.inet_aton(target)

    def header(checksum: int) -> bytes:
        fixed = (0x45, 0, 20 + len(payload), identification, fragment, 64, protocol, checksum)
        return struct.pack("!BBHHHBBH", *fixed) + addresses

    return header(_sum(header(0))) + payload


def _pseudo(protocol: int, source: str, target: str, size: int) -> bytes:
    return socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!HH", protocol, size)


def tcp_syn(source: str, target: str, port: int, source_port: int = 4000) -> bytes:
    """A packet that asks for a connection."""

    def segment(checksum: int) -> bytes:
        return struct.pack("!HHIIBBHHH", source_port, port, 1000, 0, 0x50, 0x02, 8192, checksum, 0)

    return _ipv4(6, source, target, segment(_sum(_pseudo(6, source, target, 20) + segment(0))))


def udp(source: str, target: str, port: int, data: bytes, source_port: int = 4000, identification: int = 1) -> bytes:
    """A datagram."""
    size = 8 + len(data)

    def datagram(checksum: int) -> bytes:
        return struct.pack("!HHHH", source_port, port, size, checksum) + data

    checksum = _sum(_pseudo(17, source, target, size) + datagram(0))
    return _ipv4(17, source, target, datagram(checksum), identification)


def odd_packet(source: str, target: str, chance: random.Random) -> bytes:
    """A packet with right checksums and odd contents."""
    protocol = chance.choice((1, 6, 6, 6, 17, 17, chance.randrange(256)))
    ports = struct.pack("!HH", 2000 + chance.randrange(40), chance.choice((80, 7, 53, 69, chance.randrange(65536))))
    data = chance.randbytes(chance.choice((0, 20, 600)))
    if protocol == 6:
        flags = chance.choice((0x02, 0x02, 0x10, 0x18, 0x11, 0x04, chance.randrange(256)))
        offset = chance.choice((0x50, 0x50, 0x50, chance.randrange(256)))
        segment = ports + chance.randbytes(8) + bytes((offset, flags)) + b"\x20\0\0\0\0\0" + data
        checksum = _sum(_pseudo(6, source, target, len(segment)) + segment)
        return _ipv4(6, source, target, segment[:16] + struct.pack("!H", checksum) + segment[18:])
    if protocol == 17:
        size = chance.choice((8 + len(data), chance.randrange(1500)))
        return _ipv4(17, source, target, ports + struct.pack("!HH", size, 0) + data)
    return _ipv4(protocol, source, target, chance.randbytes(4) + ports + data)


def fragments(packet: bytes) -> list[bytes]:
    """The packet in pieces of 1480 bytes."""
    protocol, identification = packet[9], struct.unpack_from("!H", packet, 4)[0]
    source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    payload, made = packet[20:], []
    for start in range(0, len(payload), 1480):
        more = 0x2000 if start + 1480 < len(payload) else 0
        piece = payload[start : start + 1480]
        made.append(_ipv4(protocol, source, target, piece, identification, more | start // 8))
    return made


class Wire:
    """The uplink of a NAT in the hands of a test."""

    def __init__(self, uplink: Uplink, address: str) -> None:
        self._mac, self._address = b"\x02\0\0\0\0\x10", address
        self._socket = uplink.socket
        self._socket.connect((LOOPBACK, uplink.lport))

    def send(self, mac: bytes, packet: bytes, kind: int = 0x0800) -> None:
        """Send a frame; what finds a full buffer is lost."""
        with suppress(BlockingIOError):
            self._socket.send(mac + self._mac + struct.pack("!H", kind) + packet)

    async def receive(self, kind: int) -> bytes:
        """The next packet of this kind."""
        with trio.fail_after(PATIENCE):
            while True:
                await trio.lowlevel.wait_readable(self._socket)
                frame = self._socket.recv(65536)
                if struct.unpack_from("!H", frame, 12) == (kind,):
                    return frame[14:]

    async def gateway_mac(self) -> bytes:
        """Ask for it by ARP."""
        who = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + self._mac + socket.inet_aton(self._address)
        self.send(b"\xff" * 6, who + bytes(6) + socket.inet_aton(GATEWAY), 0x0806)
        return (await self.receive(0x0806))[8:14]

    async def connect(self, mac: bytes, target: str, source: str | None = None) -> None:
        """Ask for a connection until it is accepted. What was sent before has been dealt with then."""
        source = source or self._address
        ends = socket.inet_aton(target) + socket.inet_aton(source)
        for attempt in range(60):
            self.send(mac, tcp_syn(source, target, 80, 30000 + attempt))
            with trio.move_on_after(0.5):
                while (packet := await self.receive(0x0800))[12:20] != ends or packet[9] != 6 or packet[33] != 0x12:
                    pass
                return
        raise TimeoutError(f"{target} does not answer")
