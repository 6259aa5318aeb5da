"""A system that starts no thread."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from gns3trio.errors import NoThread
from gns3trio.threads import Pool


@asynccontextmanager
async def no_threads(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The system starts no thread, and those that idle are taken."""
    hold, may_go, all_taken = Pool(1000), threading.Event(), trio.Event()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def take_one() -> None:
        try:
            await hold.run(may_go.wait)
        except NoThread:
            all_taken.set()

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        async with trio.open_nursery() as nursery:
            while not all_taken.is_set():
                nursery.start_soon(take_one)
                await trio.lowlevel.checkpoint()
            try:
                yield
            finally:
                may_go.set()
