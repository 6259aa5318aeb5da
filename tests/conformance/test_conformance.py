"""The conformance table is what this server does."""

from collections import Counter

from tests.api.conftest import config as config
from tests.api.conftest import running, server
from tests.conformance.table import DOCUMENT, example, render, table
from tests.support.server import Server

__all__ = ["config", "running", "server"]


def test_the_document_is_the_present_table() -> None:
    assert DOCUMENT.read_text() == render(table()), "run: python -m tests.conformance.table"


async def test_what_is_refused_is_refused_clearly(server: Server) -> None:
    for row in table():
        if row.answer == "refused":
            reply = await server.http.request(row.method, example(row.path), json={"name": "x"})
            assert reply.json()["status"] == reply.status_code
            if row.why.endswith("is not run"):
                assert reply.status_code == 409, row
                assert row.why.partition(" ")[0] in reply.json()["message"], row
            else:
                assert reply.status_code in (404, 405), row


async def test_what_is_answered_is_known(server: Server) -> None:
    """No answer says that there is no such path or method; what is asked for does not exist, mostly."""
    statuses: Counter[int] = Counter()
    for row in table():
        if row.answer == "refused" or row.path.endswith(("/ws", "/notifications", "/pcap", "/shutdown")):
            continue
        reply = await server.http.request(row.method, example(row.path), json={})
        statuses[reply.status_code] += 1
        assert reply.status_code < 500, (row, reply.text)
        if reply.status_code >= 400:
            message = reply.json()["message"]
            assert "There is no such path" not in message, row
            assert "is not allowed for" not in message, row
    assert statuses[200] > 20
