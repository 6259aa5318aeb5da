"""A websocket that is opened for its first message."""

import socket
from collections.abc import Callable

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

from gns3trio.classes import define

ABNORMAL = 1006  # RFC 6455, 7.1.5: the connection ended without a close frame


@define
class Opened:
    """What came of it."""

    status: int  # 101, or that of the refusal
    text: str | None = None  # the first message, if it is a text
    closed: int | None = None  # the code with which the server closed it by itself


def first_message(port: int, path: str, patience: float, closes: Callable[[str], bool]) -> Opened:
    """Open a websocket and read a message. After a text of which ``closes`` is true, wait for the server's close."""
    protocol = WSConnection(ConnectionType.CLIENT)
    opened = Opened(0)
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(protocol.send(Request(host=f"127.0.0.1:{port}", target=path)))
        while True:
            data = connection.recv(1 << 16)
            protocol.receive_data(data or None)
            for event in protocol.events():
                match event:
                    case RejectConnection(status_code=status):
                        return Opened(status)
                    case AcceptConnection():
                        opened.status = 101
                    case TextMessage(data=text, message_finished=True):
                        opened.text = text
                        if not closes(text):
                            return opened
                    case BytesMessage():
                        return opened
                    case CloseConnection(code=code):
                        opened.closed = int(code)
                        return opened
                    case Ping():
                        connection.sendall(protocol.send(event.response()))
            if not data:
                opened.closed = ABNORMAL
                return opened
