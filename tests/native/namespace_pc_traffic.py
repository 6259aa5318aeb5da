"""Generated traffic of built-in PCs is UDP as Linux has it: sockets receive it, send it back, and a Linux router
forwards it. Run by test_pc_traffic_and_linux.py in a network namespace of its own.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest
import trio

from gns3trio.forwarder.pc_traffic import PcFlow, PcFlows, listening, open_flows
from gns3trio.traffic.flows import FlowResult, FlowSpec
from tests.native.namespace_pcs import FAR, NEAR, NEAR_ROUTER, PATIENCE, Bed, open_bed

PORT = 5001
MAGIC = b"g3flow1\n"
SPEC = FlowSpec(packets_per_second=2000, data_bytes=500, seconds=PATIENCE, packets=200, port=PORT)
DATA, END, REPORT_BYTES = 1, 3, 152
FEW = 10  # so that all of them fit into a socket's buffer


async def run(bed: Bed, flow: PcFlow) -> FlowResult:
    """Wait until it is over, and everything has arrived that does."""
    async with open_flows(bed.near.forwarder, [flow]) as flows:
        return await over(flows)


async def over(flows: PcFlows) -> FlowResult:
    with trio.fail_after(PATIENCE):
        while True:
            (result,) = await flows.read()
            if not result.is_sending and not result.lost:
                return result
            await trio.sleep(0.01)


@contextmanager
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((str(NEAR_ROUTER), PORT))
        opened.settimeout(PATIENCE)
        yield opened


@pytest.mark.parametrize("data_bytes", [48, 500, 1473, 9000])
async def test_a_socket_receives_what_a_pc_sends(data_bytes: int) -> None:
    """Each datagram once, in order, of the size that was asked for, with the header that native/traffic.h says."""
    async with open_bed() as bed:
        with receiver() as sock:
            spec = attrs.evolve(SPEC, data_bytes=data_bytes, packets=FEW)
            result = await run(bed, PcFlow(bed.near, None, NEAR_ROUTER, spec))
            assert (result.sent, result.unsent, result.arrived) == (FEW, 0, None)
            flow_ids, clocks, last = set(), set(), 0
            for number in range(FEW):
                data, source = sock.recvfrom(65536)
                magic, kind, echo, _, zero, flow, clock, sequence, sent = struct.unpack_from(">8sBBHIQQQQ", data)
                assert (source[0], len(data), magic, kind) == (str(NEAR), data_bytes, MAGIC, DATA)
                assert (echo, zero, sequence) == (0, 0, number) and sent >= last
                assert not any(data[48:])
                flow_ids.add(flow)
                clocks.add(clock)
                last = sent
            assert len(flow_ids) == len(clocks) == 1
            kind = sock.recv(65536)[8]  # it asks what has arrived
            assert kind == END


async def test_a_socket_that_echoes_lets_it_measure_round_trips() -> None:
    async with open_bed() as bed:
        with receiver() as sock:

            def echo() -> None:
                while True:
                    data, source = sock.recvfrom(65536)
                    if not data:
                        return
                    sock.sendto(data, source)

            thread = threading.Thread(target=echo)
            thread.start()
            try:
                result = await run(bed, PcFlow(bed.near, None, NEAR_ROUTER, SPEC))
            finally:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                    last.sendto(b"", (str(NEAR_ROUTER), PORT))
                thread.join()
    assert (result.sent, result.returned.packets, result.returned.duplicated) == (200, 200, 0)
    assert result.returned.latency is not None and result.returned.latency.min > 0
    assert result.arrived is None  # its question came back: nobody counts there


async def test_linux_says_that_nobody_listens() -> None:
    async with open_bed() as bed:
        result = await run(bed, PcFlow(bed.near, None, NEAR_ROUTER, attrs.evolve(SPEC, packets=20)))
        assert result.sent == 20 and 0 < result.unreachable <= 21


async def test_through_a_linux_router() -> None:
    """To a PC that is told to count, and to one that listens."""
    async with open_bed() as bed:
        counted = await run(bed, PcFlow(bed.near, bed.far, FAR, attrs.evolve(SPEC, echo=True)))
        with listening(bed.far.forwarder, bed.far) as listener:
            heard = await run(bed, PcFlow(bed.near, None, FAR, SPEC))
            (flow,) = listener.heard()
    for result in (counted, heard):
        assert (result.sent, result.lost) == (200, 0) and result.arrived is not None
        assert result.arrived.latency is not None and result.arrived.latency.min > 0
    assert (flow.source, flow.sent, flow.arrived.packets) == (str(NEAR), 200, 200)


async def test_a_pc_counts_what_linux_sends() -> None:
    """As another server would: its clock is not ours, so latencies are not known. Rubbish is not counted."""
    async with open_bed() as bed:
        with (
            listening(bed.near.forwarder, bed.near) as listener,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        ):
            sock.bind((str(NEAR_ROUTER), 0))
            sock.settimeout(PATIENCE)
            for sequence in (0, 1, 3, 2, 2, 9):
                header = struct.pack(">8sBBHIQQQQ", MAGIC, DATA, 0, 0xFFFF, 0, 77, 5, sequence, 1000)
                sock.sendto(header + bytes(52), (str(NEAR), PORT))
            for wrong in (b"", MAGIC, b"g3flow2\n" + bytes(60), header[:40], header[:8] + b"\x09" + header[9:]):
                sock.sendto(wrong, (str(NEAR), PORT))
            end = struct.pack(">8sBBHIQQQQ", MAGIC, END, 0, 0xFFFF, 0, 77, 5, 10, 1000)
            sock.sendto(end + bytes(REPORT_BYTES - len(end)), (str(NEAR), PORT))
            while (report := sock.recv(65536))[:9] != MAGIC + b"\x04":
                pass  # the rubbish is echoed, as any UDP is
            packets, data_bytes, duplicated, reordered = struct.unpack_from(">QQQQ", report, 48)
            assert (packets, data_bytes, duplicated, reordered) == (5, 500, 1, 1)
            (flow,) = listener.heard()
    assert (flow.flow_id, flow.source, flow.sent) == (77, str(NEAR_ROUTER), 10)
    assert (flow.arrived.packets, flow.arrived.latency) == (5, None)
