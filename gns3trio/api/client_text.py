"""Who a client is, for people who read a log."""

from starlette.requests import HTTPConnection

from gns3trio.printable import without_hidden

_MOST_CHARACTERS = 100  # of what the client says of itself


def client_text(connection: HTTPConnection) -> str:
    """Its address, and the program that it says it is, such as ``127.0.0.1 (curl/8.5.0)``."""
    address = connection.client.host if connection.client is not None else "a client"
    program = without_hidden(connection.headers.get("user-agent", "")[:_MOST_CHARACTERS])
    return f"{address} ({program})" if program else address
