"""The conversation with the monitor: bytes in, messages out. A QEMU that a guest has taken over may send anything."""

import pytest

from gns3trio.compute.nodes.qemu.qmp import MAX_LINE, Answer, Greeting, Message, QmpConnection, QmpError, QmpEvent

# As QEMU 7.2 sends it.
GREETING = (
    b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2"}, '
    b'"capabilities": ["oob"]}}\r\n'
)


def read(*pieces: bytes) -> list[Message]:
    connection = QmpConnection()
    return [message for piece in pieces for message in connection.receive_data(piece)]


def test_a_conversation() -> None:
    connection = QmpConnection()
    assert list(connection.receive_data(GREETING)) == [Greeting((7, 2))]
    assert connection.command("qmp_capabilities") == (1, b'{"execute":"qmp_capabilities","id":1}\n')
    number, sent = connection.command("set_link", {"name": "gns3-0", "up": False})
    assert (number, sent) == (2, b'{"execute":"set_link","id":2,"arguments":{"name":"gns3-0","up":false}}\n')
    answers = (
        b'{"return": {}, "id": 1}\r\n{"id": 2, "error": {"class": "DeviceNotFound", "desc": "no such device"}}\r\n'
    )
    assert list(connection.receive_data(answers)) == [Answer(1, {}), Answer(2, None, "no such device")]
    event = b'{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true}}\r\n'
    assert list(connection.receive_data(event)) == [QmpEvent("SHUTDOWN", {"guest": True})]


def test_messages_come_in_pieces_of_any_size() -> None:
    text = GREETING + b'{"return": 5, "id": 1}\n\n{"event": "STOP"}\n'
    whole = [Greeting((7, 2)), Answer(1, 5), QmpEvent("STOP", {})]
    assert read(text) == whole
    assert read(*(text[at : at + 1] for at in range(len(text)))) == whole


@pytest.mark.parametrize(
    "line",
    [b'{"return": {}}', b'{"id": "x", "return": 1}', b'{"error": 5}', b"{}", b'{"id": 1.5, "error": {"desc": 5}}'],
)
def test_what_answers_nothing_is_passed_over(line: bytes) -> None:
    assert read(line + b"\n") == []


def test_an_error_without_a_reason() -> None:
    assert read(b'{"id": 3, "error": {"desc": 5}}\n') == [Answer(3, None, "QEMU refuses it")]
    assert read(b'{"id": 3, "error": []}\n') == [Answer(3, None, "QEMU refuses it")]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"\xff\xfe\n",
        b"[]\n",
        b'{"QMP": 5}\n',
        b'{"QMP": {"version": {"qemu": {"major": "7", "minor": 2}}}}\n',
        b"[" * 100_000 + b"\n",
        b'{"event": ' + b'{"a":' * 50_000 + b"\n",
        b" " * (MAX_LINE + 2),
        b'{"event": "' + b"x" * MAX_LINE + b'"}\n',
    ],
)
def test_what_is_not_qmp(data: bytes) -> None:
    with pytest.raises(QmpError):
        read(data)


def test_a_line_without_an_end_costs_linear_time() -> None:
    """Each byte is looked at once, however small the pieces are."""
    connection = QmpConnection()
    for _ in range(MAX_LINE // 64):
        assert list(connection.receive_data(b"x" * 64)) == []
    with pytest.raises(QmpError, match="too long"):
        list(connection.receive_data(b"x" * 64))
