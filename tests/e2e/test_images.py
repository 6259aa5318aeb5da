"""``gns3trio image`` with a real server: what people type, also when the connection breaks."""

import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest

from tests.e2e.conftest import StartServer
from tests.e2e.shell import Shell
from tests.support.machines import needs_qemu

CONTENT = bytes(range(256)) * 12_000


@pytest.fixture
def shell(start_server: StartServer) -> Shell:
    return Shell(start_server())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "disk image.img"
    file.write_bytes(CONTENT)
    return file


def test_images_on_the_command_line(shell: Shell, file: Path) -> None:
    md5sum = hashlib.md5(CONTENT).hexdigest()
    assert re.fullmatch(rf"disk image.img: [\d.]+ [kM]?B, md5 {md5sum}\n", shell.run("image", "upload", str(file)))
    assert shell.run("image", "upload", str(file)).endswith(f"md5 {md5sum}\n")  # it is there already
    shell.run("image", "upload", str(file), "--name", "lab/c7200.image", "--emulator", "dynamips")
    (line,) = shell.run("image", "list").splitlines()[1:]
    assert line.split() == ["disk", "image.img", "3.07", "MB", md5sum]
    listed = shell.json("image", "list", "--emulator", "dynamips")
    assert [each["path"] for each in listed["images"]] == ["lab/c7200.image"] and listed["uploads"] == []
    assert "no image 'missing'" in shell.run("image", "info", "missing", status=3)
    assert "--yes" in shell.run("image", "delete", "disk image.img", status=1, text="")
    assert shell.json("image", "delete", "disk image.img", "--yes") == {"image": "disk image.img"}
    assert "missing" in shell.run("image", "delete", "disk image.img", "--yes", status=3)
    assert "No such file" in shell.run("image", "upload", str(file) + "x", status=1)
    assert "cannot be the name" in shell.run("image", "upload", str(file), "--name", ".x", status=1)


@needs_qemu
def test_what_an_image_is(shell: Shell, tmp_path: Path, file: Path) -> None:
    shell.run("image", "upload", str(file), "--name", "disk.img")
    info = shell.json("image", "info", "disk.img")
    assert (info["format"], info["virtual_size"], info["filesize"]) == ("raw", len(CONTENT), len(CONTENT))
    file.write_bytes(b"QFI\xfb\0\0\0\3" + bytes(7) + b"\x68" + b"\0\0\0\x0b" + bytes(84) + b"/etc/shadow")
    shell.run("image", "upload", str(file), "--name", "hostile.qcow2")
    assert "--replace" in shell.run("image", "upload", str(file), "--name", "disk.img", status=1)
    shell.run("image", "upload", str(file), "--name", "disk.img", "--replace")
    assert "/etc/shadow" in shell.json("image", "info", "hostile.qcow2")["problem"]


def test_an_upload_goes_on_when_the_connection_breaks(shell: Shell, file: Path) -> None:
    with breaking_proxy(shell.server.url) as proxy:
        near = attrs.evolve(shell, server=_At(proxy.url))
        done = json.loads(near.run("image", "upload", str(file), "--json"))
    assert proxy.broken == 2
    assert done["complete"] and done["md5sum"] == hashlib.md5(CONTENT).hexdigest()
    assert shell.json("image", "list")["images"][0]["md5sum"] == done["md5sum"]


@attrs.frozen
class _At:
    url: str


@attrs.define
class _Proxy:
    url: str
    broken: int = 0


@contextmanager
def breaking_proxy(url: str) -> Iterator[_Proxy]:
    """Passes connections on to a server. It breaks the first two that send more than a megabyte."""
    target = (urlsplit(url).hostname, urlsplit(url).port)
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = _Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def pump(source: socket.socket, sink: socket.socket, *, breaks: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                passed += len(data)
                if breaks and passed > 1_000_000 and proxy.broken < 2:
                    proxy.broken += 1
                    break
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(target)
                for source, sink, breaks in ((client, server, True), (server, client, False)):
                    threading.Thread(target=pump, args=(source, sink), kwargs={"breaks": breaks}, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield proxy
    finally:
        listener.close()
