"""Captures from the core to files and streams: real core, real files."""

import os
import resource
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder import captures
from gns3trio.forwarder.captures import (
    Capture,
    CaptureFile,
    CaptureReader,
    StreamReader,
)
from gns3trio.memory import Holder, Total
from gns3trio.traffic.captures import FileRing, link_type
from gns3trio.traffic.counters import CaptureCounters
from tests.pcap_reader import read_capture
from tests.support.captured_patch import PATIENCE, Bench, open_descriptors, statistics


async def read_until(reader: CaptureReader, packets: int) -> bytes:
    """The stream up to so many packets."""
    data = b""
    with trio.fail_after(PATIENCE):
        while len(read_capture(data).packets if data else []) < packets:
            data += await reader.receive()
    return data


async def test_a_pcap_file_and_its_stream(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "new" / "link.pcap"
    capture = await bench.start(CaptureFile(path=file, snaplen=50))
    with capture.stream() as reader:
        header = await reader.receive()  # at once, before any frame
        assert len(header) == 24
        await bench.send(bytes(60))
        await bench.send(b"\x01" * 30)
        streamed = header + await read_until_after(reader, header, 2)
        await bench.service.stop(capture)
        assert await reader.receive() == b""
    content = read_capture(file.read_bytes())
    assert [(p.data, p.original_length) for p in content.packets] == [(bytes(50), 60), (b"\x01" * 30, 30)]
    assert (content.snaplen, content.link_type, content.torn) == (50, 1, 0)
    assert streamed == file.read_bytes()
    assert capture.counters() == CaptureCounters(2, 90, 0)
    await bench.send(b"after")
    await bench.service.stop(capture)  # stopped already is fine
    assert len(read_capture(file.read_bytes()).packets) == 2


async def read_until_after(reader: CaptureReader, header: bytes, packets: int) -> bytes:
    data = b""
    with trio.fail_after(PATIENCE):
        while len(read_capture(header + data).packets) < packets:
            data += await reader.receive()
    return data


async def test_a_pcapng_file_tells_who_sent_what(bench: Bench, tmp_path: Path) -> None:
    file = CaptureFile(
        path=tmp_path / "link.pcapng",
        pcapng=True,
        interfaces=("PC1", "PC2"),
        expression="len > 1",
        comment="why it was made",
    )
    capture = await bench.start(file, expression="len > 1")
    with capture.stream() as reader:
        await bench.send(b"in1")
        await bench.send(b"x")  # not what the expression wants
        await bench.service.stop(capture)
        streamed = await reader.receive()
        while data := await reader.receive():
            streamed += data
    assert statistics(read_capture(streamed)) == [(0, 0), (1, 0)]
    content = read_capture(file.path.read_bytes() if file.path else b"")
    assert content.section[1] == b"why it was made" and content.section[4].startswith(b"gns3trio")
    assert [interface[2] for interface in content.interfaces] == [b"PC1", b"PC2"]
    assert all(interface[9] == b"\x09" and interface[11] == b"\0len > 1" for interface in content.interfaces)
    (packet,) = content.packets
    assert (packet.data, packet.interface, packet.options[2]) == (b"in1", 1, b"\x01\0\0\0")
    assert statistics(content) == [(0, 0), (1, 0)]  # of each interface


async def test_a_file_that_is_torn_at_any_byte_is_read_up_to_there(bench: Bench, tmp_path: Path) -> None:
    for pcapng in (False, True):
        path = tmp_path / f"torn{pcapng}"
        capture = await bench.start(CaptureFile(path=path, pcapng=pcapng))
        for number in range(3):
            await bench.send(bytes([number]) * 33)
        await bench.service.stop(capture)
        data = path.read_bytes()
        end_of_second = len(data) - (16 + 33 if not pcapng else 28 + 36 + 16)
        if pcapng:
            end_of_second = data.rfind(b"\x02" * 33) - 28
        for cut in range(end_of_second, len(data) if not pcapng else end_of_second + 28 + 36 + 15):
            assert len(read_capture(data[:cut]).packets) == 2


async def test_a_ring_of_files(bench: Bench, tmp_path: Path) -> None:
    file = CaptureFile(path=tmp_path / "ring.pcap", ring=FileRing(files=2, max_bytes=1000))
    capture = await bench.start(file)
    with capture.stream() as reader:
        for number in range(40):
            await bench.send(bytes([number]) * 100)
            if number % 10 == 9:
                await read_any(reader)  # what was sent is in a file by now
    await bench.service.stop(capture)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2 and files[-1] == capture.path
    numbers = [packet.data[0] for path in files for packet in read_capture(path.read_bytes()).packets]
    assert numbers == sorted(numbers) and (not numbers or numbers[-1] == 39)


async def test_a_ring_goes_on_behind_the_files_of_one_with_its_name(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "ring_more_00009.pcap"
    other.touch()
    for run, files in enumerate((3, 2)):
        file = CaptureFile(path=tmp_path / "ring.pcap", ring=FileRing(files=files, max_bytes=1000))
        capture = await bench.start(file)
        for _ in range(40):
            await bench.send(bytes([run]) * 100)
        await bench.service.stop(capture)
    left = sorted(tmp_path.iterdir())
    assert other in left and left[-2] == capture.path
    kept = [path for path in left if path != other]
    assert len(kept) == 2
    assert {packet.data[0] for path in kept for packet in read_capture(path.read_bytes()).packets} == {1}


async def test_a_file_of_a_ring_has_the_bytes_that_it_may_have(bench: Bench, tmp_path: Path) -> None:
    for pcapng in (False, True):
        folder = tmp_path / str(pcapng)
        file = CaptureFile(path=folder / "ring.x", pcapng=pcapng, ring=FileRing(files=100, max_bytes=5000))
        capture = await bench.start(file)
        for number in range(100):  # they come to the writer many at a time
            await bench.send(bytes([number]) * (100 + number))
        await bench.service.stop(capture)
        files = sorted(folder.iterdir())
        sizes = [path.stat().st_size for path in files]
        assert max(sizes) <= 5000 and min(sizes[:-1]) > 5000 - 100 - 300
        contents = [read_capture(path.read_bytes()) for path in files]
        assert [packet.data[0] for content in contents for packet in content.packets] == list(range(100))


async def test_a_file_of_a_ring_ends_after_its_time_though_nothing_comes(bench: Bench, tmp_path: Path) -> None:
    file = CaptureFile(path=tmp_path / "ring.pcap", ring=FileRing(files=3, max_seconds=0.1))
    capture = await bench.start(file)
    await bench.send(b"first")
    second = tmp_path / "ring_00002.pcap"
    with trio.fail_after(PATIENCE):
        while not second.exists():
            await trio.sleep(0.01)
    await trio.sleep(0.5)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "ring_00001.pcap", second]  # one without records goes on
    await bench.send(b"second")
    await bench.service.stop(capture)
    assert [p.data for p in read_capture(second.read_bytes()).packets] == [b"second"]


async def read_any(reader: CaptureReader) -> None:
    with trio.fail_after(PATIENCE):
        await reader.receive()


async def test_a_full_disk_ends_that_capture_only(bench: Bench, tmp_path: Path) -> None:
    other = await bench.start(CaptureFile(path=tmp_path / "other.pcap"))
    full = await bench.start(CaptureFile(path=tmp_path / "full.pcap"))
    replace_descriptor(full, "/dev/full")
    with full.stream() as reader:
        await bench.send(bytes(60))
        with trio.fail_after(PATIENCE):
            while await reader.receive():
                pass
    assert not full.running and full.error is not None
    assert bench.errors == [full.error] and "full.pcap has stopped: No space left on device" in full.error
    await bench.send(b"\x01" * 60)
    await bench.service.stop(other)
    assert [p.data[0] for p in read_capture((tmp_path / "other.pcap").read_bytes()).packets] == [0, 1]


def replace_descriptor(capture: Capture, path: str) -> None:
    """Let what the capture writes go to another file."""
    assert capture._fd is not None
    opened = os.open(path, os.O_WRONLY)
    os.dup2(opened, capture._fd)
    os.close(opened)


async def test_a_full_disk_at_the_start_leaves_no_descriptor(bench: Bench, tmp_path: Path) -> None:
    before, limits = open_descriptors(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(Conflict, match=r"full.pcap: File too large"):
            await bench.start(CaptureFile(path=tmp_path / "full.pcap"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert open_descriptors() == before


async def test_a_start_that_is_cancelled_leaves_a_capture_that_can_be_stopped(bench: Bench, tmp_path: Path) -> None:
    before = open_descriptors()
    with trio.CancelScope() as scope:
        scope.cancel()
        capture = await bench.start(CaptureFile(path=tmp_path / "cancelled.pcap"))
    assert not scope.cancelled_caught
    await bench.service.stop(capture)
    assert open_descriptors() == before


async def test_a_file_has_one_capture(bench: Bench, tmp_path: Path) -> None:
    first = await bench.start(CaptureFile(path=tmp_path / "one.pcap"))
    with pytest.raises(Conflict, match="is being written by another capture"):
        await bench.start(CaptureFile(path=tmp_path / "one.pcap"))
    await bench.service.stop(first)
    await bench.service.stop(await bench.start(CaptureFile(path=tmp_path / "one.pcap")))


async def test_a_ring_that_fills_ends_the_pause(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "PAUSE_SECONDS", 600)
    capture = await bench.start(CaptureFile(path=tmp_path / "burst.pcap"), ring_bytes=65536)
    with capture.stream() as reader:
        await reader.receive()
        await bench.send(b"now")
        await read_any(reader)  # and now the writer pauses
        for _ in range(10):
            for _ in range(4):
                await bench.send(bytes(9000))
            await read_any(reader)
    await bench.service.stop(capture)
    assert capture.counters() == CaptureCounters(41, 3 + 40 * 9000, 0)


async def test_a_deleted_file_ends_the_capture(bench: Bench, tmp_path: Path) -> None:
    capture = await bench.start(CaptureFile(path=tmp_path / "gone" / "link.pcap"))
    (tmp_path / "gone" / "link.pcap").unlink()
    (tmp_path / "gone").rmdir()
    with capture.stream() as reader:
        await bench.send(bytes(60))
        with trio.fail_after(PATIENCE):
            while await reader.receive():
                pass
    assert bench.errors and "the file was deleted" in bench.errors[0]


async def test_files_that_cannot_be_opened(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for path in (tmp_path / "file" / "x.pcap", tmp_path / "folder", tmp_path / "link"):
        with pytest.raises(Conflict, match="capture file"):
            await bench.start(CaptureFile(path=path))
    replaced = await bench.start(CaptureFile(path=tmp_path / "file"))
    await bench.service.stop(replaced)
    assert len((tmp_path / "file").read_bytes()) == 24
    with pytest.raises(Invalid):
        link_type("DLT_NOTHING")


async def test_many_captures_and_slow_readers(bench: Bench, tmp_path: Path) -> None:
    captures = [await bench.start(CaptureFile(path=tmp_path / f"{n}.pcap")) for n in range(200)]
    with ExitStack() as readers:
        slow = readers.enter_context(captures[0].stream())
        for number in range(20):
            await bench.send(bytes([number]) * 1000)
        await bench.service.stop_all()
        data = b""
        while piece := await slow.receive():
            data += piece
    assert [packet.data[0] for packet in read_capture(data).packets] == list(range(20))
    for number in range(200):
        packets = read_capture((tmp_path / f"{number}.pcap").read_bytes()).packets
        assert [packet.data[0] for packet in packets] == list(range(20))


def test_a_stream_that_is_not_read_loses_whole_records() -> None:
    with Holder(Total(1 << 30)) as held:
        reader = StreamReader(b"header", held)
        record = bytes(1024 * 1024)
        for _ in range(10):
            reader.offer(record)
        assert reader.dropped_bytes == 6 * len(record)


async def test_streams_that_are_not_read_share_a_total() -> None:
    """What one has taken makes room for its own share again, and for nobody else's."""
    total = Total(1024 * 1024)
    record = bytes(64 * 1024)
    with ExitStack() as stack:
        holders = [stack.enter_context(Holder(total)) for _ in range(4)]
        readers = [StreamReader(b"header", held) for held in holders]
        for reader in readers:
            for _ in range(10):
                reader.offer(record)
        assert total.held == total.most
        assert [reader.dropped_bytes for reader in readers] == [6 * len(record)] * 4
        assert len(await readers[0].receive()) == 6 + 4 * len(record)
        for reader in readers:
            reader.offer(record)
        assert [reader.dropped_bytes for reader in readers] == [6 * len(record), *[7 * len(record)] * 3]
    assert (total.held, total.holders) == (0, 0)
