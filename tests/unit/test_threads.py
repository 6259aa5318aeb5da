"""Threads are pooled by purpose."""

import ast
import threading
from pathlib import Path

import pytest
import trio

import gns3trio
from gns3trio import threads
from gns3trio.errors import NoThread
from tests.support.threads import no_threads

PACKAGE = Path(gns3trio.__file__).parent
# They take threads of trio's own pool, where everything that hangs would keep everything else waiting.
SHARED = ("trio.open_file", "trio.Path", "trio.socket.getaddrinfo", "trio.open_tcp_stream", "trio.open_tcp_listeners")


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_thread_is_of_a_pool(module: Path) -> None:
    text = module.read_text()
    if not any(name.rpartition(".")[2] in text for name in (*SHARED, "run_sync")):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)).endswith("to_thread.run_sync"):
            assert "limiter" in [keyword.arg for keyword in node.keywords], f"line {node.lineno}: {called}"
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in SHARED, f"line {node.lineno}"


async def test_a_pool_that_hangs_leaves_the_others(nursery: trio.Nursery) -> None:
    hangs = threading.Event()
    for _ in range(60):
        nursery.start_soon(threads.names.run, hangs.wait)
    with trio.fail_after(30):
        for pool in (
            threads.disk,
            threads.copying,
            threads.compression,
            threads.compilers,
            threads.parsers,
            threads.devices,
        ):
            assert await pool.run(int, "7") == 7
    hangs.set()


async def test_a_system_without_threads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with no_threads(monkeypatch):
        with pytest.raises(NoThread, match="no thread could be started"):
            await threads.disk.run(int, "7")
    assert await threads.disk.run(int, "7") == 7


async def test_an_error_of_the_work_itself_is_not_taken_for_that() -> None:
    def fail() -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        await threads.disk.run(fail)
