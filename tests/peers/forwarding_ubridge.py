"""Stands in for ubridge towards gns3-server where frames have to pass: bridges of two UDP ports, with captures and the
filters that the tests use. The commands are those that gns3-server 2.2.61 was seen to send.

Usage: as ubridge: ``-v``, or ``-H HOST:PORT``.
"""

import contextlib
import os
import selectors
import shlex
import socket
import struct
import sys
import time

VERSION = "0.9.19"


class Bridge:
    """Two UDP ports, each with the address to which it sends."""

    def __init__(self) -> None:
        self.nios: list[tuple[socket.socket, tuple[str, int]]] = []
        self.filters: dict[str, list[str]] = {}
        self.capture: int | None = None

    def add(self, lport: int, rhost: str, rport: int) -> None:
        port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        port.bind(("0.0.0.0", lport))
        self.nios.append((port, (rhost, rport)))

    def pass_on(self, came: socket.socket) -> None:
        """A frame that came at one port leaves at the other."""
        frame = came.recv(65536)
        if len(self.nios) < 2 or self._drops():
            return
        if "delay" in self.filters:
            time.sleep(int(self.filters["delay"][0]) / 1000)
        if self.capture is not None:
            now = time.time_ns() // 1000
            os.write(self.capture, struct.pack("<IIII", now // 10**6, now % 10**6, len(frame), len(frame)) + frame)
        port, address = next(nio for nio in self.nios if nio[0] is not came)
        with contextlib.suppress(OSError):  # nobody is there yet
            port.sendto(frame, address)

    def _drops(self) -> bool:
        return self.filters.get("frequency_drop") == ["-1"] or self.filters.get("packet_loss") == ["100"]

    def start_capture(self, path: str) -> None:
        self.capture = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(self.capture, struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))

    def stop_capture(self) -> None:
        if self.capture is not None:
            os.close(self.capture)
            self.capture = None

    def close(self) -> None:
        self.stop_capture()
        for port, _ in self.nios:
            port.close()


bridges: dict[str, Bridge] = {}


def obey(line: str) -> str:
    """Do what one line says; returns the answer."""
    match shlex.split(line):
        case ["hypervisor", "version"]:
            return f"101 {VERSION}\r\n100-OK\r\n"
        case ["hypervisor", "stop"]:
            sys.exit()
        case ["bridge", "create", name]:
            bridges[name] = Bridge()
        case ["bridge", "delete", name]:
            bridges.pop(name).close()
        case ["bridge", "add_nio_udp", name, lport, rhost, rport]:
            bridges[name].add(int(lport), rhost, int(rport))
        case ["bridge", "reset_packet_filters", name]:
            bridges[name].filters.clear()
        case ["bridge", "add_packet_filter", name, _, kind, *values]:
            bridges[name].filters[kind] = values
        case ["bridge", "start_capture", name, path, *_]:
            bridges[name].start_capture(path)
        case ["bridge", "stop_capture", name]:
            bridges[name].stop_capture()
    return "100-OK\r\n"


def serve(host: str, port: int) -> None:
    listener = socket.create_server((host, port))
    client, _ = listener.accept()
    lines = b""
    while True:
        with selectors.DefaultSelector() as waiting:
            waiting.register(client, selectors.EVENT_READ)
            for bridge in bridges.values():
                for nio, _ in bridge.nios:
                    waiting.register(nio, selectors.EVENT_READ, bridge)
            for key, _ in waiting.select():
                if key.data is not None:
                    key.data.pass_on(key.fileobj)
                    continue
                data = client.recv(4096)
                if not data:
                    client, _ = listener.accept()
                *whole, lines = (lines + data).split(b"\n")
                for line in whole:
                    client.sendall(obey(line.decode()).encode())
                break  # what is waited for may have changed


if __name__ == "__main__":
    if sys.argv[1:] == ["-v"]:
        print(f"ubridge version {VERSION}")
    else:
        address, _, number = sys.argv[2].rpartition(":")
        serve(address, int(number))
