"""Streams of captures that are saved: they begin where the capture began, whenever somebody comes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from gns3trio.forwarder.captures import CaptureFile, CaptureReader
from gns3trio.traffic.captures import FileRing
from tests.pcap_reader import read_capture
from tests.support.captured_patch import PATIENCE, Bench, open_descriptors, statistics


async def pieces(reader: CaptureReader) -> AsyncIterator[bytes]:
    """What is read up to the end of the capture."""
    with trio.fail_after(PATIENCE):
        while piece := await reader.receive():
            yield piece


async def read_all(reader: CaptureReader) -> bytes:
    return b"".join([piece async for piece in pieces(reader)])


async def read_packets(reader: CaptureReader, number: int) -> bytes:
    """What is read up to a number of packets."""
    data = b""
    with trio.fail_after(PATIENCE):
        while not data or len(read_capture(data).packets) < number:
            data += await reader.receive()
    return data


@pytest.mark.parametrize("pcapng", [False, True])
async def test_who_comes_late_misses_nothing(bench: Bench, tmp_path: Path, pcapng: bool) -> None:
    path = tmp_path / "link"
    capture = await bench.start(CaptureFile(path=path, pcapng=pcapng))
    with capture.stream() as early:
        for number in range(3):
            await bench.send(bytes([number]) * 100)
        await read_packets(early, 3)
        with capture.stream() as late:
            past = await read_packets(late, 3)
            await bench.send(b"\x03" * 100)
            await bench.service.stop(capture)
            streamed = past + await read_all(late)
    assert streamed == path.read_bytes()
    content = read_capture(streamed)
    assert [packet.data[0] for packet in content.packets] == [0, 1, 2, 3]
    assert statistics(content) == ([(0, 0), (4, 0)] if pcapng else [])
    with capture.stream() as afterwards:
        assert await read_all(afterwards) == streamed


async def test_a_reader_that_does_not_read_holds_nothing_and_loses_nothing(bench: Bench, tmp_path: Path) -> None:
    capture = await bench.start(CaptureFile(path=tmp_path / "link.pcap"))
    with capture.stream() as slow:
        for number in range(1000):  # more than a reader of what is not saved may have waiting
            await bench.send(number.to_bytes(2, "big") * 4500)
            with trio.fail_after(PATIENCE):  # the core drops what its writer is too slow for
                while number % 50 == 49 and (tmp_path / "link.pcap").stat().st_size < number * 9000:
                    await trio.sleep(0.01)
        await bench.service.stop(capture)
        assert not capture._copies
        numbers = [int.from_bytes(p.data[:2], "big") for p in read_capture(await read_all(slow)).packets]
    assert numbers == list(range(1000))
    assert capture.stream_dropped_bytes == 0


@pytest.mark.parametrize("pcapng", [False, True])
async def test_a_ring_is_one_stream(bench: Bench, tmp_path: Path, pcapng: bool) -> None:
    file = CaptureFile(path=tmp_path / "ring", pcapng=pcapng, ring=FileRing(files=1000, max_bytes=2000))
    capture = await bench.start(file)
    with capture.stream() as live:
        for number in range(50):
            await bench.send(bytes([number]) * 100)
        data = await read_packets(live, 50)
        with capture.stream() as late:
            await bench.service.stop(capture)
            for streamed in (data + await read_all(live), await read_all(late)):
                content = read_capture(streamed)
                assert [packet.data[0] for packet in content.packets] == list(range(50))
                assert content.torn == 0
    assert len(list(tmp_path.iterdir())) > 2
    assert capture.stream_dropped_bytes == 0


async def test_a_ring_that_has_dropped_its_beginning(bench: Bench, tmp_path: Path) -> None:
    """The stream begins with what is left, and what a slow reader missed is counted."""
    file = CaptureFile(path=tmp_path / "ring.pcap", ring=FileRing(files=2, max_bytes=1000))
    record = 16 + 100

    earlier = await bench.start(file)
    for number in range(20):
        await bench.send(bytes([number]) * 100)
    await bench.service.stop(earlier)
    capture = await bench.start(file)
    with capture.stream() as slow:
        start = await read_packets(slow, 0)
        for number in range(100, 150):
            await bench.send(bytes([number]) * 100)
        await bench.service.stop(capture)
        with capture.stream() as late:
            left = [packet.data[0] for packet in read_capture(await read_all(late)).packets]
        kept = [packet.data[0] for packet in read_capture(start + await read_all(slow)).packets]
    assert left and left == list(range(150 - len(left), 150))
    assert kept == left
    assert capture.stream_dropped_bytes == 2 * (50 - len(left)) * record


async def test_a_reader_goes_on_in_a_file_that_its_ring_deletes(bench: Bench, tmp_path: Path) -> None:
    file = CaptureFile(path=tmp_path / "ring.pcap", ring=FileRing(files=2, max_bytes=1000))
    capture = await bench.start(file)
    with capture.stream() as reader:
        await bench.send(b"\x00" * 100)
        data = await read_packets(reader, 1)
        for number in range(1, 60):
            await bench.send(bytes([number]) * 100)
        await bench.service.stop(capture)
        data += await read_all(reader)
    numbers = [packet.data[0] for packet in read_capture(data).packets]
    assert numbers[:2] == [0, 1] and numbers == sorted(numbers) and numbers[-1] == 59
    assert capture.stream_dropped_bytes == (60 - len(numbers)) * 116


async def test_readers_give_their_files_back(bench: Bench, tmp_path: Path) -> None:
    before = open_descriptors()
    capture = await bench.start(CaptureFile(path=tmp_path / "link.pcap"))
    await bench.send(bytes(60))
    for _ in range(3):
        with capture.stream() as reader:
            await read_packets(reader, 1)
            assert capture.is_streamed
    assert not capture.is_streamed
    with capture.stream() as waiting, trio.move_on_after(0.01):
        await read_all(waiting)
    await bench.service.stop(capture)
    assert open_descriptors() == before


async def test_a_link_in_the_place_of_the_file_leads_nowhere(bench: Bench, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(24) + b"not for everybody")
    path = tmp_path / "link.pcap"
    capture = await bench.start(CaptureFile(path=path))
    await bench.send(bytes(60))
    path.unlink()
    path.symlink_to(secret)
    with capture.stream() as reader:
        await bench.send(bytes(60))
        assert len(await read_all(reader)) == 24  # the capture has ended because its file is gone
    assert bench.errors
