"""Reports of a compute: nothing in them is trusted."""

from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import orjson
import pytest
import trio

from gns3trio.compute.extensions import REPORTS
from gns3trio.compute.interface import PortPlace
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.compute.remote.reports import NodeFacts, read_counters, read_facts
from gns3trio.traffic.counters import PortCounters
from tests.support.fake_compute import IgnoringWatcher, fake_compute, frame, notifications, reply, says

PATIENCE = 60
PROJECT, NODE = UUID(int=1), UUID(int=2)
PLACE = PortPlace(PROJECT, NODE, 0, 0)
WHERE = {"project_id": str(PROJECT), "node_id": str(NODE), "adapter_number": 0, "port_number": 0}


def test_counters_of_any_shape() -> None:
    good = {"rx_frames": 3, "tx_bytes": 7, "rx_drops": {"filter": 2, "unheard_of": 5}, "rx_offloaded": True}
    read = read_counters(good)
    assert (read.rx_frames, read.tx_bytes, read.rx_drops["filter"], read.rx_offloaded) == (3, 7, 2, True)
    assert "unheard_of" not in read.rx_drops and read.tx_drops == PortCounters().tx_drops
    bad: list[Any] = [None, 5, [], "x", {"rx_frames": "1"}, {"rx_frames": -1}, {"rx_frames": 2**63}, {"rx_frames": 1.5}]
    bad += [{"rx_frames": True}, {"rx_drops": [1]}, {"rx_drops": {"filter": {}}}, {"unheard_of": 1}]
    for value in bad:
        assert read_counters(value) == PortCounters()


def test_facts_of_any_shape() -> None:
    facts = read_facts(
        {
            "engine": "builtin",
            "exit_reason": "a\x1b[2Jb",
            "has_default_engine": False,
            "mac_id": 7,
            "troubles": [{"adapter_number": 0, "port_number": 1, "trouble": "no bridge"}, {"port_number": 1}, 5],
        }
    )
    assert facts.engine == "builtin" and facts.exit_reason is not None and "\x1b" not in facts.exit_reason
    assert (facts.has_default_engine, facts.mac_id, facts.troubles) == (False, 7, {(0, 1): "no bridge"})
    bad: list[dict[str, Any]] = [{"engine": 5}, {"mac_id": -1}, {"mac_id": 2**24}, {"mac_id": "1"}, {"troubles": {}}]
    bad += [{"troubles": [{"adapter_number": "0", "port_number": 0, "trouble": "x"}]}, {"exit_reason": []}]
    for value in bad:
        assert read_facts(value) == NodeFacts()


@pytest.mark.parametrize(
    "garbage",
    [
        b"{x}",
        orjson.dumps([1, 2, 3]),
        orjson.dumps({"counters": 5, "nodes": {}, "messages": [None]}),
        orjson.dumps({"counters": [{**WHERE, "node_id": "x"}, {**WHERE, "port_number": None}, 7]}),
        orjson.dumps({"nodes": [{"project_id": 1, "node_id": 2}]}),
        orjson.dumps({"messages": [{**WHERE, "level": "error", "message": "x"}, {**WHERE, "message": 7}]}),
        orjson.dumps({"error": {"status": 404, "message": "there is nothing"}}),
        b"[" * 5000,
    ],
)
async def test_a_compute_that_reports_nonsense(garbage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out, or the reports begin anew; then the right ones are taken."""
    monkeypatch.setattr("gns3trio.compute.remote.reports._PAUSE_SECONDS", 0.05)
    good = orjson.dumps({"counters": [{**WHERE, "end": {"rx_frames": 5}, "device": None}]})
    extensions = says(reply({"extensions": [REPORTS], "product": "gns3trio", "version": "1"}))
    async with fake_compute(extensions=extensions) as fake, trio.open_nursery() as nursery:
        fake.answers["GET reports/ws"] = notifications(frame(garbage), forever=None)
        address = ComputeAddress(compute_id="far", name="far", protocol="http", host="127.0.0.1", port=fake.port)
        compute = RemoteCompute(address, IgnoringWatcher(), tmp_path)
        (end, _) = compute.counters_of_links.add(PLACE)
        nursery.start_soon(compute.run)
        with trio.fail_after(PATIENCE):
            while "GET reports/ws" not in fake.asked:
                await trio.sleep(0.01)
            fake.answers["GET reports/ws"] = notifications(frame(good), forever=None)
            if compute.trouble is None:
                compute.move(address)  # a session that goes on after nonsense has to begin anew for this test
            await compute.wait_counted()
        assert compute.counted()[end].rx_frames == 5 and compute.trouble is None
        nursery.cancel_scope.cancel()


async def test_a_compute_that_reports_too_much_has_to_wait(tmp_path: Path) -> None:
    """Each message costs the clients of this server, however many come at once."""
    told = [{"project_id": str(PROJECT), "node_id": str(NODE), "level": "info", "message": "x"}] * 400
    extensions = says(reply({"extensions": [REPORTS], "product": "gns3trio", "version": "1"}))

    class Taker(RemoteCompute):
        count = 0

        def warning_reported(self, project_id: UUID, level: Literal["warning", "info"], text: str) -> None:
            self.count += 1

    async with fake_compute(extensions=extensions) as fake, trio.open_nursery() as nursery:
        fake.answers["GET reports/ws"] = notifications(frame(orjson.dumps({"messages": told})), forever=None)
        address = ComputeAddress(compute_id="far", name="far", protocol="http", host="127.0.0.1", port=fake.port)
        compute, begun = Taker(address, IgnoringWatcher(), tmp_path), trio.current_time()
        nursery.start_soon(compute.run)
        with trio.fail_after(PATIENCE):
            while compute.count <= 100:
                await trio.sleep(0.01)
        assert compute.count <= 100 * (1 + trio.current_time() - begun)
        nursery.cancel_scope.cancel()
