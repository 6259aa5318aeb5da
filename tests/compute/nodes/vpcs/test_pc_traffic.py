"""``traffic`` of a built-in PC, without IO: what it asks of the PC, what it shows."""

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Any

import attrs
import pytest

from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_shell import find_commands, run_line
from gns3trio.compute.nodes.vpcs.pc_steps import Listen, Pause, Print, ReadHeard, ReadTraffic, SendTraffic, Step
from gns3trio.traffic.flows import Arrivals, FlowResult, FlowSpec, HeardFlow, LatencySummary
from tests.support.memory_pc import MemoryPc

LATENCY = LatencySummary(samples=990, min=0.001, mean=0.002, max=0.009, p50=0.0021, p90=0.003, p99=0.004, p99_9=0.0055)
ARRIVED = Arrivals(packets=990, bytes=99_000, duplicated=1, reordered=2, seconds=0.989, latency=LATENCY)
NOTHING = Arrivals(packets=0, bytes=0, duplicated=0, reordered=0, seconds=0.0, latency=None)
RESULT = FlowResult(
    state="done", reason="done", sent=1000, unsent=0, unreachable=0, seconds=0.999, arrived=ARRIVED, returned=NOTHING
)


def talk(line: str, answers: Iterable[Any] = (), refusal: str | None = None) -> tuple[str, list[Step]]:
    """What a line shows, and its other steps. ``answers`` are those to what it reads; with the last, Ctrl-C comes."""
    left, shown, steps, answer = list(answers), "", list[Step](), None
    command = run_line(PcSession(MemoryPc(), "PC1"), line)
    while True:
        try:
            step = command.send(answer)
        except StopIteration:
            return shown, steps
        answer = None
        match step:
            case Print(text):
                shown += text
                continue
            case SendTraffic() | Listen():
                answer = refusal
            case ReadTraffic() | ReadHeard():
                if not left:
                    command.close()
                    return shown, steps
                answer = left.pop(0)
        steps.append(step)


def spec_of(line: str) -> FlowSpec:
    _, steps = talk(line, [RESULT])
    (sent,) = [step for step in steps if isinstance(step, SendTraffic)]
    assert sent.target == IPv4Address("10.0.0.2")
    return sent.spec


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ("", {}),
        ("-r 50 -s 100 -t 2.5 -c 7 -b 3 -p 5001", {"packets_per_second": 50, "data_bytes": 100, "packets": 7}),
        ("-r50 -s100 -t2.5 -c7 -b3 -p5001", {"packets_per_second": 50, "data_bytes": 100, "packets": 7}),
        ("-r 8M -s 1000", {"packets_per_second": 1000, "data_bytes": 1000}),
        ("-r 4.096k", {"packets_per_second": 1}),
        ("-e", {"echo": True}),
    ],
)
def test_options(options: str, changes: dict[str, Any]) -> None:
    usual = FlowSpec(packets_per_second=1000, data_bytes=512, seconds=10)
    if "5001" in options:
        changes = {**changes, "seconds": 2.5, "burst": 3, "port": 5001}
    assert spec_of(f"traffic 10.0.0.2 {options}") == attrs.evolve(usual, **changes)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("traffic 10.0.0.2 -x", "Invalid option '-x'"),
        ("traffic 10.0.0.2 -r", "-r: a rate is missing"),
        ("traffic 10.0.0.2 -r 10X", "-r: a rate is missing"),
        ("traffic 10.0.0.2 -r 1e9", "-r: a rate is missing"),
        ("traffic 10.0.0.2 -s 10", "-s (data bytes): 48 to 65507, not 10"),
        ("traffic 10.0.0.2 -s 0 -r 1M", "-s: a packet has data"),
        ("traffic 10.0.0.2 -s 1.5", "-s: a whole number is missing"),
        ("traffic 10.0.0.2 -t ٣", "-t: a number is missing"),
        ("traffic 10.0.0.2 -r 2000000", "-r (packets per second): 0.001 to 1000000, not 2000000"),
        ("traffic 10.0.0.2 -r 10G -s 100", "-r (packets per second)"),
        ("traffic 10.0.0.2 -t 100000", "-t (seconds)"),
        ("traffic 10.0.0.2 -b 100000", "-b (burst)"),
        ("traffic 10.0.0.2 -c 0", "-c (packets)"),
        ("traffic 10.0.0.2 -p 0", "-p (port)"),
        ("traffic nobody", "Cannot resolve nobody"),
        ("traffic sink -r 5", "traffic sink has no options"),
    ],
)
def test_what_is_no_traffic(line: str, complaint: str) -> None:
    shown, steps = talk(line)
    assert complaint in shown and not steps


def test_a_report() -> None:
    sending = attrs.evolve(RESULT, state="sending", sent=500)
    shown, _ = talk("traffic 10.0.0.2 -s 100 -t 2", [sending, RESULT])
    assert shown.splitlines() == [
        "100 bytes of UDP data to 10.0.0.2 port 7: 1000 packets/s, 800.00 kbit/s, for 2 s",
        "Press Ctrl+C to stop",
        "     1 s        500 sent",
        "sent        1000 packets in 0.999 s: 1000.0 packets/s, 800.00 kbit/s",
        "arrived     990 packets, 10 lost (1.00%), 1 duplicated, 2 reordered: 800.00 kbit/s",
        "one way     min/mean/p50/p90/p99/p99.9/max = 1.000/2.000/2.100/3.000/4.000/5.500/9.000 ms",
    ]


def test_what_comes_back_is_waited_for() -> None:
    """But not for ever."""
    partly = attrs.evolve(RESULT, returned=attrs.evolve(ARRIVED, packets=400))
    shown, steps = talk("traffic 10.0.0.2 -e -c 1000", [partly, partly, attrs.evolve(partly, returned=ARRIVED)] * 20)
    assert "returned    990 packets, 10 lost (1.00%)" in shown or "returned    400 packets" in shown
    assert "round trip  min/mean/p50/p90/p99/p99.9/max = 1.000/" in shown
    assert sum(step.seconds or 0 for step in steps if isinstance(step, Pause)) < 3


def test_results_that_are_not_whole() -> None:
    unknown = attrs.evolve(RESULT, arrived=None, unreachable=3, unsent=2)
    shown, _ = talk("traffic 10.0.0.2", [unknown])
    assert "not sent    2 packets: there was no memory" in shown
    assert "unreachable 3 ICMP messages" in shown
    assert "arrived     not known: nobody counts at 10.0.0.2. Type 'traffic sink' there first" in shown
    far = attrs.evolve(RESULT, arrived=attrs.evolve(ARRIVED, latency=None))
    assert "one way     not known: the receiver has another clock" in talk("traffic 10.0.0.2", [far])[0]
    nothing = attrs.evolve(RESULT, sent=0, seconds=0.0, reason="no_neighbour", arrived=None)
    assert "host (10.0.0.2) not reachable\n" in talk("traffic 10.0.0.2", [nothing])[0]
    one = attrs.evolve(RESULT, sent=1, seconds=0.0, arrived=attrs.evolve(ARRIVED, packets=1, seconds=0.0))
    assert "sent        1 packet in 0.000 s\n" in talk("traffic 10.0.0.2 -c 1", [one])[0]
    assert talk("traffic 10.0.0.2", refusal="the PC is stopped")[0] == "the PC is stopped\n"


def heard(flow_id: int, packets: int, **changes: Any) -> HeardFlow:
    arrived = attrs.evolve(ARRIVED, packets=packets)
    flow = HeardFlow(flow_id=flow_id, source="10.0.0.1", source_port=47104, sent=None, silent=0.0, arrived=arrived)
    return attrs.evolve(flow, **changes)


def test_a_sink_tells_what_it_hears() -> None:
    shown, _ = talk(
        "traffic sink",
        [
            [],
            [heard(1, 100)],
            [heard(1, 100)],
            [heard(2, 50), heard(1, 200)],
            [heard(2, 50, silent=9.0), heard(1, 200, sent=1000)],
            [heard(2, 50, silent=10.0), heard(1, 200, sent=1000)],
        ],
    )
    times = "one way     min/mean/p50/p90/p99/p99.9/max = 1.000/2.000/2.100/3.000/4.000/5.500/9.000 ms"
    assert [line for line in shown.splitlines() if line != times] == [
        "Counting the traffic that comes. Press Ctrl+C to stop",
        "10.0.0.1               100 packets",
        "10.0.0.1               200 packets",
        "10.0.0.1                50 packets",
        "10.0.0.1 has sent all",
        "arrived     200 packets, 800 lost (80.00%), 1 duplicated, 2 reordered: 796.80 kbit/s",
        "10.0.0.1 sends no more",
        "arrived     50 packets, 1 duplicated, 2 reordered: 784.79 kbit/s",
    ]
    assert (
        talk("traffic sink", refusal="the PC listens for traffic already")[0] == "the PC listens for traffic already\n"
    )


def test_beginnings_of_words_mean_what_they_mean_in_vpcs() -> None:
    assert find_commands("t") == find_commands("tra") == ["trace"]
    assert find_commands("traf") == find_commands("traffic") == ["traffic"]


def test_help() -> None:
    for line in ("traffic", "traffic ?", "traffic -r ?"):
        assert "Packets per second" in talk(line)[0]
    assert "Send UDP at a rate" in talk("?")[0]
