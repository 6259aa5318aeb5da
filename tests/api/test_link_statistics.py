"""What statistics read: the counters of ports that counted something, and of no others."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NoReturn

import attrs
import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local_compute import LocalCompute
from gns3trio.controller.links import traffic
from gns3trio.controller.links.links import Links
from gns3trio.forwarder.forwarder import Forwarder
from tests.support.lab import Lab
from tests.support.server import Server
from tests.support.websockets import ws_events

IDLE_HUBS = 4
LINKS_OF_A_HUB = 8


@attrs.define
class Read:
    """What was read and looked at: ids of counters, and of links."""

    counters: list[int] = attrs.field(factory=list)
    links: list[str] = attrs.field(factory=list)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    seen = Read()
    changed, link_statistics = Forwarder.changed, traffic.link_statistics

    def read_changed(forwarder: Forwarder) -> Any:
        found = changed(forwarder)
        seen.counters.extend(found)
        return found

    def look_at_link(link: Any, ends: Any) -> Any:
        seen.links.append(str(link.link_id))
        return link_statistics(link, ends)

    monkeypatch.setattr(Forwarder, "changed", read_changed)
    monkeypatch.setattr(traffic, "link_statistics", look_at_link)
    yield seen


def refuse(*_: object) -> NoReturn:
    raise AssertionError("all of them were walked over")


async def make_idle_links(lab: Lab) -> None:
    """Between two hubs each: nothing sends a frame to them."""
    for _ in range(IDLE_HUBS // 2):
        one, other = await lab.node("ethernet_hub"), await lab.node("ethernet_hub")
        for port in range(LINKS_OF_A_HUB):
            await lab.link((one, port), (other, port))


async def test_a_tick_reads_what_moved_and_looks_at_no_idle_link(
    server: Server, project: dict[str, Any], read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(server, project, [])
    with ExitStack() as stack:
        mine, theirs = (stack.enter_context(bind_udp("127.0.0.1", 0)) for _ in range(2))
        lport = theirs.getsockname()[1]
        theirs.close()
        mapping = {"name": "u", "port_number": 0, "type": "udp", "rhost": "127.0.0.1", "lport": lport}
        mapping["rport"] = mine.getsockname()[1]
        cloud = await lab.node("cloud", properties={"ports_mapping": [mapping]})
        link = await lab.link((cloud, 0), (await lab.node("ethernet_hub"), 0))
        await make_idle_links(lab)
        mine.connect(("127.0.0.1", lport))
        async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
            mine.send(bytes(60))  # ports that were opened are read once, at the first tick
            await stream.until("link.stats")
            assert len(set(read.counters)) == 3 + 2 * LINKS_OF_A_HUB * IDLE_HUBS // 2
            await stream.until("link.stats")
            for name in ("__iter__", "values", "items", "keys"):
                monkeypatch.setattr(Links, name, refuse)
            monkeypatch.setattr(LocalCompute, "counters", refuse)
            for frames in range(2, 7):
                del read.counters[:], read.links[:]
                mine.send(bytes(60))
                moves = await stream.until("link.stats")
                assert moves["link_id"] == link["link_id"] and moves["a_to_b"]["frames"] == frames
                assert len(read.counters) == len(set(read.counters)) == 3  # at the cloud, and at both ends of its link
                assert moves["a_to_b"]["frames_per_second"] > 0
                rests = await stream.until("link.stats")  # once more, with rates of 0
                assert rests["a_to_b"] == {**moves["a_to_b"], "frames_per_second": 0.0, "bits_per_second": 0.0}
                assert read.links == [link["link_id"]] * 2 and len(read.counters) == 3
            del read.counters[:]
            await trio.sleep(5 * server.config.stats_interval)
            assert not read.counters
        monkeypatch.undo()


async def test_a_request_reads_the_counters_of_its_link_now(
    server: Server, project: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(server, project, [])
    hub, other = await lab.node("ethernet_hub"), await lab.node("ethernet_hub")
    link = await lab.link((hub, 0), (other, 0))
    await make_idle_links(lab)
    asked: list[int] = []
    counters_of = Forwarder.counters_of

    def read_some(forwarder: Forwarder, ids: Any) -> Any:
        asked.extend(ids := list(ids))
        return counters_of(forwarder, ids)

    monkeypatch.setattr(Forwarder, "counters_of", read_some)
    monkeypatch.setattr(Forwarder, "snapshot", refuse)
    await server.request("GET", f"{lab.path}/links/{link['link_id']}/statistics", None, 200)
    assert len(asked) == len(set(asked)) == 2
    del asked[:]
    (port,) = await server.request("GET", f"{lab.path}/nodes/{hub['node_id']}/statistics", None, 200)
    assert port["in"]["frames"] == 0 and len(asked) == 1
