"""A system that starts no thread."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from gns3trio import threads
from gns3trio.errors import NoThread
from gns3trio.threads import Pool


@asynccontextmanager
async def no_threads(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The system starts no thread, and those that idle are taken, also those that were at work when this began."""
    pools = [pool for pool in vars(threads).values() if isinstance(pool, Pool)]
    hold, may_go = Pool(1000), threading.Event()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def take_one(all_taken: trio.Event) -> None:
        try:
            await hold.run(may_go.wait)
        except NoThread:
            all_taken.set()

    async def take_all(nursery: trio.Nursery) -> None:
        at_work = True
        while at_work:
            await trio.sleep(0.001)
            at_work = any(pool.limiter.borrowed_tokens for pool in pools)
            all_taken = trio.Event()
            while not all_taken.is_set():
                nursery.start_soon(take_one, all_taken)
                await trio.lowlevel.checkpoint()

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        async with trio.open_nursery() as nursery:
            try:
                with trio.fail_after(30):
                    await take_all(nursery)
                yield
            finally:
                may_go.set()
