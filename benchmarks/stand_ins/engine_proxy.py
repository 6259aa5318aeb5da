"""A Docker engine for gns3-server on a machine that may not give away all capabilities.

gns3-server asks for privileged containers with all capabilities. In a virtual machine or a container without some of
them, the engine cannot start such. So this passes requests on to the engine, and those that create a container ask for
the capabilities that there are. Everything else is as it came.
"""

import json
import os
import re
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MOST = 65536
_CREATE = re.compile(rb"POST \S*/containers/create\b")
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
# Those that every engine knows, in the order of their numbers: linux/capability.h.
_CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ"
)


def capabilities_here() -> list[str]:
    """The names of the capabilities that this process may give to others."""
    status = Path("/proc/self/status").read_text()
    bounding = int(status.partition("CapBnd:")[2].split()[0], 16)
    return [name for number, name in enumerate(_CAPABILITIES.split()) if bounding >> number & 1]


@contextmanager
def engine_proxy(engine: Path, proxy: Path) -> Iterator[None]:
    """Serve at the socket ``proxy`` while the ``with`` lasts."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(proxy))
        listener.listen(128)
        threading.Thread(target=_accept, args=(listener, engine), daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            proxy.unlink()


def with_own_run(engine: Path) -> list[str]:
    """What comes before the command of gns3-server: it knows one path of an engine, so it gets a /run of its own."""
    script = f'mount -t tmpfs tmpfs /run && ln -s {engine} /run/docker.sock && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh"]


def _accept(listener: socket.socket, engine: Path) -> None:
    with suppress(OSError):  # it has been closed
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, engine), daemon=True).start()


def _serve(client: socket.socket, engine: Path) -> None:
    """Pass on one request with its answer, or the stream that it becomes."""
    with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
        server.connect(os.fspath(engine))
        head, body = _read_head(client)
        if _CREATE.match(head) and (length := _LENGTH.search(head)) is not None:
            while len(body) < int(length[1]) and (more := client.recv(_MOST)):
                body += more
            body = _without_privileges(body)
            head = _LENGTH.sub(b"Content-Length: %d" % len(body), head)
        if not re.search(rb"(?i)\r\nupgrade:", head):
            # The next request comes by a connection of its own.
            head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)
            head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        server.sendall(head + body)
        _pump(client, server)


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(_MOST)
        if not more:
            raise ConnectionError
        data += more
    head, end, body = data.partition(b"\r\n\r\n")
    return head + end, body


def _without_privileges(body: bytes) -> bytes:
    container = json.loads(body)
    host = container.get("HostConfig", {})
    if host.get("Privileged"):
        host |= {"Privileged": False, "CapAdd": capabilities_here()}
    return json.dumps(container).encode()


def _pump(client: socket.socket, server: socket.socket) -> None:
    ends = {client.fileno(): (client, server), server.fileno(): (server, client)}
    with selectors.DefaultSelector() as waiting:
        for each in ends:
            waiting.register(each, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                source, target = ends[key.fd]
                data = source.recv(_MOST)
                if data:
                    target.sendall(data)
                    continue
                waiting.unregister(key.fd)
                target.shutdown(socket.SHUT_WR)
                if source is server:  # the engine has said all
                    return
