"""VPCS nodes: real processes, consoles over TCP, frames through the forwarder."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from gns3trio.compute.local.leases import PortLease, bind_udp
from gns3trio.compute.local.tunnel_nio import TunnelNio
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.vpcs.process import VpcsPorts, VpcsProgramFinder
from gns3trio.errors import Conflict, Invalid
from tests.compute.conftest import (
    CONSOLE_RANGE,
    LOOPBACK,
    UDP_RANGE,
    Lab,
    can_reach_peer,
    count_replies,
    kill,
    open_console,
    open_services,
    process_of,
    processes_in,
)

STATUS = NodeEvent("status")


async def test_a_node_starts_talks_and_stops(lab: Lab):
    node = await lab.create("PC1")
    assert (node.status, node.command_line, node.console) == ("stopped", "", CONSOLE_RANGE[0])
    await node.start()
    assert node.status == "started"
    assert "-i 1 -m 0" in node.command_line
    async with open_console(node) as console:
        assert f"{node.name}" in await console.run("show")
    await node.stop()
    assert (node.status, node.exit_reason) == ("stopped", None)
    assert node.command_line
    assert processes_in(node.directory) == []
    with pytest.raises(OSError, match="connect"):
        await trio.open_tcp_stream(LOOPBACK, CONSOLE_RANGE[0])
    assert lab.events == [("PC1", STATUS), ("PC1", STATUS)]


async def test_the_banner_is_there_for_the_first_client(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    async with await trio.open_tcp_stream(LOOPBACK, CONSOLE_RANGE[0]) as stream:
        said = b""
        while b"PC1> " not in said:
            said += await stream.receive_some()
    assert b"Virtual PC Simulator, version" in said


async def test_start_and_stop_again_change_nothing(lab: Lab):
    node = await lab.create("PC1")
    await node.stop()
    await node.start()
    pid = process_of(node)
    await node.start()
    assert process_of(node) == pid
    await node.stop()
    await node.stop()
    assert len(lab.events) == 2


async def test_reload_is_a_new_process(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    pid = process_of(node)
    await node.reload()
    assert process_of(node) != pid
    async with open_console(node) as console:
        await console.run("show")


async def test_two_nodes_ping_each_other(lab: Lab):
    a, b = await lab.create("A"), await lab.create("B")
    await lab.connect(a, b)
    await a.start()
    await b.start()
    async with open_console(a) as first, open_console(b) as second:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first.run, "ip 10.0.0.1 24")
            nursery.start_soon(second.run, "ip 10.0.0.2 24")
        assert count_replies(await first.run("ping 10.0.0.2 -c 2")) == 2
        assert count_replies(await second.run("ping 10.0.0.1 -c 1")) == 1


async def test_a_link_is_made_and_removed_while_nodes_run(lab: Lab):
    a, b = await lab.create("A"), await lab.create("B")
    await a.start()
    await b.start()
    async with open_console(a) as first:
        assert not a.has_nio
        await lab.connect(a, b)
        link_end = a.link_end(0, 0)
        assert a.has_nio and link_end is not None
        assert isinstance(link_end.nio, TunnelNio)
        led = link_end.nio.udp
        assert await can_reach_peer(first)
        await b.unbind_nio(0, 0)
        assert not await can_reach_peer(first, within_ms=1000)
        await b.bind_nio(0, 0, UdpNio(lport=led.rport, rhost="localhost", rport=led.lport))
        assert await can_reach_peer(first)
        await b.reload()
    async with open_console(a) as first:
        assert await can_reach_peer(first)


async def test_a_nio_replaces_the_one_before(lab: Lab):
    """First to nobody, then on the same port, then on another one, to the real peer."""
    a, b = await lab.create("A"), await lab.create("B")
    await a.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0], rhost="", rport=UDP_RANGE[1]))
    await a.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0], rhost="", rport=UDP_RANGE[0] + 1))
    await b.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0] + 1, rhost="", rport=UDP_RANGE[0] + 2))
    await a.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0] + 2, rhost="", rport=UDP_RANGE[0] + 1))
    assert lab.services.link_ends.udp_ports.leased == {UDP_RANGE[0] + 1, UDP_RANGE[0] + 2}
    await a.start()
    await b.start()
    async with open_console(a) as first:
        assert await can_reach_peer(first)


async def test_nios_that_cannot_be(lab: Lab):
    a, b = await lab.create("A"), await lab.create("B")
    with pytest.raises(Conflict, match="Port 1"):
        await a.bind_nio(0, 1, UdpNio(lport=UDP_RANGE[0], rhost="", rport=UDP_RANGE[0] + 1))
    with pytest.raises(Conflict, match="not connected"):
        await a.unbind_nio(0, 0)
    for rhost in ("no.such.host.invalid", "0.0.0.0"):
        with pytest.raises(Invalid, match="rhost"):
            await a.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0], rhost=rhost, rport=UDP_RANGE[0] + 1))
    await b.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0], rhost="", rport=UDP_RANGE[0] + 1))
    with pytest.raises(Conflict, match=str(UDP_RANGE[0])):
        await a.bind_nio(0, 0, UdpNio(lport=UDP_RANGE[0], rhost="", rport=UDP_RANGE[0] + 1))
    assert not a.has_nio


async def test_disconnect_says_good_bye_to_that_client_only(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    pid = process_of(node)
    for command in ("disconnect", "disco"):
        async with open_console(node) as staying, open_console(node) as leaving:
            await leaving.type(command + "\r")
            said = await leaving.read_to_end()
            assert said.endswith(command.encode() + b"\r\nGood-bye\r\n")
            seen = await staying.read_until(command.encode())
            seen += await staying.read_until(b"> ")
            assert b"daemon" not in seen and b"Good-bye" not in seen
    async with open_console(node) as again:
        assert "NAME" in await again.run("show")
    assert process_of(node) == pid


async def test_quit_stops_the_node_without_an_error(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    async with open_console(node) as console:
        await console.type("quit\r")
        await lab.wait_stopped(node)
        assert b"quit" in await console.read_to_end()
    assert node.exit_reason == "exited with code 0"
    assert lab.events == [("PC1", STATUS), ("PC1", STATUS)]


async def test_a_crash_is_told_and_touches_nothing_else(lab: Lab):
    victim, sibling = await lab.create("A"), await lab.create("B")
    await victim.start()
    await sibling.start()
    async with open_console(sibling) as console:
        kill(victim)
        await lab.wait_for("A", NodeEvent("error", "VPCS 'A' was killed by SIGKILL"))
        assert (victim.status, victim.exit_reason) == ("stopped", "was killed by SIGKILL")
        assert sibling.status == "started"
        await console.run("show")
    await victim.start()
    assert (victim.status, victim.exit_reason) == ("started", None)


async def test_an_error_of_a_listener_or_helper_stops_nothing_else(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    broken, sibling = await lab.create("A"), await lab.create("B")
    await broken.start()
    await sibling.start()

    def fail(output: bytes) -> None:
        raise RuntimeError("a bug")

    async with open_console(broken) as console:
        monkeypatch.setattr(broken.console_access, "feed", fail)
        await console.type("x")
        await lab.wait_stopped(broken)
    assert broken.exit_reason == "failed because of an error of this server"
    assert "a bug" in caplog.text
    assert processes_in(broken.directory) == []
    assert sibling.status == "started"


async def test_a_missing_program_is_a_conflict_that_says_how_to_install_it(lab: Lab):
    lab.services = attrs.evolve(lab.services, programs=VpcsProgramFinder("/nowhere/vpcs"))
    node = await lab.create("PC1")
    with pytest.raises(Conflict, match="apt install vpcs"):
        await node.start()
    assert node.status == "stopped"


async def test_another_program_is_not_taken_for_vpcs(lab: Lab):
    lab.services = attrs.evolve(lab.services, programs=VpcsProgramFinder("true"))
    node = await lab.create("PC1")
    with pytest.raises(Conflict, match="is not VPCS"):
        await node.start()


async def test_a_program_that_ends_at_once_is_a_conflict_with_its_words(lab: Lab, tmp_path: Path):
    program = tmp_path / "vpcs"
    program.write_text(
        "#!/bin/sh\n[ $1 = -v ] && echo 'Virtual PC Simulator, version 0.8.3' && exit\necho 'no luck'; exit 1\n"
    )
    program.chmod(0o755)
    lab.services = attrs.evolve(lab.services, programs=VpcsProgramFinder(str(program)))
    node = await lab.create("PC1")
    with pytest.raises(Conflict, match="no luck"):
        await node.start()
    assert node.status == "stopped"
    assert lab.events == []


async def test_a_changed_program_is_asked_for_its_version_again(tmp_path: Path):
    program = tmp_path / "vpcs"
    finder = VpcsProgramFinder(str(program))
    for version in ("0.5b2", "0.8.3-new"):
        program.write_text(f"#!/bin/sh\necho 'Virtual PC Simulator, version {version}'\n")
        program.chmod(0o755)
        assert (await finder.find()).version.text == version


class PortsOfOthers(VpcsPorts):
    """Picks ports that another program has, as many times as there are ``taken``, then free ones."""

    def __init__(self, taken: list[socket.socket]) -> None:
        super().__init__()
        self._taken = taken

    @contextmanager
    def pick(self) -> Iterator[PortLease]:
        if not self._taken:
            with super().pick() as lease:
                yield lease
        else:
            other = self._taken.pop()
            with other:
                yield PortLease(other.getsockname()[1], socket.socket(), lambda port: None)


async def test_a_port_that_another_program_took_first_is_replaced(lab: Lab):
    taken = [bind_udp(LOOPBACK, 0) for _ in range(2)]
    lab.services = attrs.evolve(lab.services, vpcs_ports=PortsOfOthers(taken))
    a, b = await lab.create("A", startup_script="set pcname A\n"), await lab.create("B")
    await lab.connect(a, b)
    await a.start()
    await b.start()
    assert taken == []
    async with open_console(a) as first:
        assert await can_reach_peer(first)


async def test_ports_that_are_always_taken_are_a_conflict(lab: Lab):
    taken = [bind_udp(LOOPBACK, 0) for _ in range(5)]
    lab.services = attrs.evolve(lab.services, vpcs_ports=PortsOfOthers(taken))
    node = await lab.create("PC1")
    with pytest.raises(Conflict, match="UDP port"):
        await node.start()
    assert node.status == "stopped"


async def test_the_start_up_script_is_run_and_follows_the_name(lab: Lab):
    node = await lab.create("PC1", startup_script="set pcname %h\n")
    assert await node.startup_script() == "set pcname PC1\n"
    await node.rename("R2")
    assert await node.startup_script() == "set pcname R2\n"
    await node.start()
    async with await trio.open_tcp_stream(LOOPBACK, CONSOLE_RANGE[0]) as stream:
        said = b""
        while b"R2> " not in said:
            said += await stream.receive_some()
    await node.set_startup_script("set pcname %h-new\n")
    assert await node.startup_script() == "set pcname R2-new\n"


async def test_what_vpcs_saves_is_there_after_the_next_start(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    async with open_console(node) as console:
        await console.run("set pcname Kept")
        await console.run("save")
    assert "set pcname Kept" in (await node.startup_script() or "")
    await node.reload()
    async with open_console(node) as console:
        await console.run("show", until=b"Kept> ")


async def test_an_existing_script_is_kept(lab: Lab):
    first = await lab.create("PC1", startup_script="first\n")
    await first.open(None, "none", "second\n")
    assert await first.startup_script() == "first\n"


async def test_a_script_that_takes_its_time_does_not_delay_the_start(lab: Lab):
    """VPCS looks for duplicates of its address for three seconds; its console can be watched meanwhile."""
    node = await lab.create("PC1", startup_script="ip 10.0.0.1 24\n")
    await node.start()
    async with await trio.open_tcp_stream(LOOPBACK, CONSOLE_RANGE[0]) as stream:
        said = b""
        while b"Checking for duplicate address" not in said:
            said += await stream.receive_some()
        assert b"> " not in said


async def test_a_requested_console_that_is_taken_is_replaced_with_a_warning(lab: Lab):
    taken = CONSOLE_RANGE[0] + 5
    first = await lab.create("A", console=taken)
    second = await lab.create("B", console=taken)
    assert (first.console, second.console) == (taken, CONSOLE_RANGE[0])
    ((name, event),) = lab.events
    assert (name, event.kind) == ("B", "warning") and str(taken) in event.message


async def test_the_console_moves_while_the_node_runs(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    before, after = CONSOLE_RANGE[0], CONSOLE_RANGE[0] + 7
    async with open_console(node) as console:
        await node.set_console(after, "telnet")
        assert node.console == after
        await console.run("show")  # who is connected stays
        async with open_console(node) as other:
            await other.run("show")
    with pytest.raises(OSError, match="connect"):
        await trio.open_tcp_stream(LOOPBACK, before)
    assert lab.services.console_ports.leased == {after}
    other_node = await lab.create("B")
    with pytest.raises(Conflict):
        await other_node.set_console(after, "telnet")
    assert other_node.console == before
    await node.stop()
    await node.start()
    async with open_console(node) as console:
        await console.run("show")


async def test_the_console_goes_and_comes_while_the_node_runs(lab: Lab):
    node = await lab.create("PC1", console_type="none")
    assert node.console is None
    await node.start()
    await node.set_console(None, "telnet")
    async with open_console(node) as console:
        await node.set_console(None, None)  # no change
        await console.run("show")
        await node.set_console(None, "none")
        await console.read_to_end()
    assert (node.console, node.console_type) == (None, "none")
    assert lab.services.console_ports.leased == frozenset()
    with pytest.raises(Invalid, match="console_type"):
        await node.set_console(None, "vnc")


async def test_reset_console_drops_clients_and_the_node_goes_on(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    async with open_console(node) as console:
        await node.reset_console()
        await console.read_to_end()
    async with open_console(node) as console:
        await console.run("show")


async def test_mac_addresses_differ_up_to_the_last_one(lab: Lab):
    """The highest id works in both versions."""
    project = (await lab.create("A")).project_id
    while lab.services.macs.ids.lease(project) < 253:
        pass
    last = await lab.create("B")
    with pytest.raises(Conflict, match="255 VPCS"):
        await lab.create("C")
    await last.start()
    async with open_console(last) as console:
        assert "00:50:79:66:68:fe" in await console.run("show")


async def test_a_start_that_is_cancelled_leaves_nothing(lab: Lab):
    node = await lab.create("PC1")
    with trio.move_on_after(0.1):  # VPCS sleeps longer than this before it is ready
        await node.start()
    assert node.status == "stopped"
    assert processes_in(node.directory) == []
    await node.start()
    assert node.status == "started"


async def test_close_while_starting_leaves_nothing(lab: Lab):
    node = await lab.create("PC1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node.start)
        await trio.testing.wait_all_tasks_blocked()
        await node.close()
    assert node.status == "stopped"
    with pytest.raises(Conflict, match="deleted"):
        await node.start()


async def test_the_end_of_the_compute_stops_all_nodes(program: str, tmp_path: Path):
    async with open_services(program) as services:
        lab = Lab(services, tmp_path)
        for number in range(3):
            await (await lab.create(f"PC{number}")).start()
        services.nursery.cancel_scope.cancel()
    assert processes_in(tmp_path) == []
    assert [node.status for node in lab.nodes] == ["stopped"] * 3
    await lab.close()
    assert services.console_ports.leased == frozenset()


async def test_a_vpcs_that_ignores_sigterm_is_killed(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gns3trio.compute.nodes.vpcs.process.STOP_GRACE_SECONDS", 0.05)
    node = await lab.create("PC1")
    await node.start()
    os.kill(process_of(node), signal.SIGSTOP)
    await node.stop()
    assert processes_in(node.directory) == []
