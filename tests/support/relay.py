"""A TCP relay in front of a server. After a chosen request, the answers of the server do not come back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """The relay of a server on this host, at ``port``. Use ``relay``."""

    def __init__(self, listener: socket.socket, server_port: int) -> None:
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        self._server_port = server_port
        self._flows = threading.Event()
        self._flows.set()
        self._awaited: bytes | None = None
        self._open: list[socket.socket] = []

    def hold_after(self, request: bytes) -> None:
        """Hold back all answers, as soon as a request with these bytes in its head has come."""
        self._awaited = request

    def release(self) -> None:
        """Let answers pass again."""
        self._awaited = None
        self._flows.set()

    def run(self) -> None:
        """Serve until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except OSError:  # it was killed
                    client.close()
                    continue
                self._open += [client, server]
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_answer:
                    self._flows.wait()
                elif self._awaited is not None and self._awaited in data:
                    self._flows.clear()
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End all connections."""
        self.release()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def relay(server_port: int, port: int = 0) -> Iterator[Relay]:
    """Run a relay for as long as the ``with`` lasts."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        made = Relay(listener, server_port)
        threading.Thread(target=made.run, daemon=True).start()
        yield made
        made.close()
