"""The name of the user whose request is being answered."""

import logging

import trio
import trio.testing

from gns3trio.acting import act_as, acting_user, name_actor, request_of_somebody


def actor_in_log() -> str:
    record = logging.LogRecord("name", logging.INFO, "path", 1, "message", (), None)
    assert name_actor(record)
    return str(record.__dict__["actor"])


async def test_each_request_has_its_own_user() -> None:
    seen: dict[str, list[str | None]] = {}

    async def request(name: str, everybody_acts: trio.Event) -> None:
        with request_of_somebody():
            seen[name] = [acting_user()]
            act_as(name)
            await everybody_acts.wait()
            seen[name] += [acting_user(), await trio.to_thread.run_sync(acting_user), actor_in_log()]
        seen[name].append(acting_user())

    everybody_acts = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(request, "ann", everybody_acts)
        nursery.start_soon(request, "bob", everybody_acts)
        await trio.testing.wait_all_tasks_blocked()
        everybody_acts.set()
    assert seen == {name: [None, name, name, f"{name}: ", None] for name in ("ann", "bob")}


async def test_what_a_request_leaves_behind_acts_for_nobody() -> None:
    answered = trio.Event()
    seen: list[str | None] = []

    async def node() -> None:
        seen.append(acting_user())
        await answered.wait()
        seen.append(acting_user())

    async with trio.open_nursery() as nursery:
        with request_of_somebody():
            act_as("ann")
            nursery.start_soon(node)
            await trio.testing.wait_all_tasks_blocked()
        answered.set()
    assert seen == ["ann", None]


def test_outside_of_requests() -> None:
    act_as("ann")
    assert acting_user() is None
    assert actor_in_log() == ""
