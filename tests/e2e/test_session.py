"""The sample session of the document: the very requests, with curl and the telnet program."""

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import VPCS, ServerProcess, StartServer, Telnet

OpenTelnet = Callable[[int], Telnet]


def play(server: ServerProcess, telnet: OpenTelnet) -> tuple[list[int], list[int]]:
    """Play the session; returns the console ports and the UDP ports that it got."""
    status, version = server.get("/v2/version")
    assert status == 200
    assert isinstance(version["version"], str)
    status, project = server.post("/v2/projects", '{"name": "test"}')
    assert status == 201
    assert (project["name"], project["temporary"]) == ("test", False)
    p = project["project_id"]
    status, first = server.post(f"/v2/projects/{p}/vms", '{"name": "VPCS 1", "vm_type": "vpcs"}')
    assert status == 201
    assert (first["name"], first["project_id"]) == ("VPCS 1", p)
    status, second = server.post(f"/v1/projects/{p}/vpcs/vms", '{"name": "VPCS 2"}')
    assert status == 201
    assert second["name"] == "VPCS 2"
    ports = []
    for _ in range(2):
        status, reply = server.post(f"/v1/projects/{p}/ports/udp", "{}")
        assert status == 201
        assert reply.keys() == {"udp_port"}
        ports.append(reply["udp_port"])
    vms = f"/v1/projects/{p}/vpcs/vms"
    for vm, (lport, rport) in zip((first, second), (ports, ports[::-1]), strict=True):
        nio = f'{{"lport": {lport}, "rhost": "", "rport": {rport}, "type": "nio_udp"}}'
        status, echo = server.post(f"{vms}/{vm['vm_id']}/adapters/0/ports/0/nio", nio)
        assert (status, echo) == (201, {"lport": lport, "rhost": "", "rport": rport, "type": "nio_udp"})
    for vm in (first, second):
        status, started = server.post(f"{vms}/{vm['vm_id']}/start", "{}")
        assert (status, started["status"]) == (200, "started")
    consoles = [first["console"], second["console"]]
    use_consoles(consoles, telnet)
    return consoles, ports


def use_consoles(consoles: list[int], telnet: OpenTelnet) -> None:
    one = telnet(consoles[0])
    banner = one.until(r"VPCS> ")
    assert "Welcome to Virtual PC Simulator" in banner
    one.type("ip 192.168.1.1 24")
    assert "Checking for duplicate address..." in one.until(r"\w+ : 192\.168\.1\.1 255\.255\.255\.0")
    one.type("disconnect")
    assert "Good-bye" in one.wait_closed()
    two = telnet(consoles[1])
    two.until(r"VPCS> ")
    two.type("ip 192.168.1.2 24")
    two.until(r"\w+ : 192\.168\.1\.2 255\.255\.255\.0")
    two.type("ping 192.168.1.1")
    for number in range(1, 6):
        assert "ttl=64" in two.until(rf"icmp_seq={number} ttl=64 time=[\d.]+ ms")
    two.type("disconnect")
    assert "Good-bye" in two.wait_closed()
    again = telnet(consoles[0])  # the process runs on, and shows its last screen
    again.until(r"VPCS> ")
    again.type("echo still here")
    again.until(r"\nstill here")


# What runs the PCs: each VPCS that is there, and the server itself.
ENGINES = [*(("--vpcs-path", vpcs, "--vpcs-engine", "process") for vpcs in VPCS), ("--vpcs-engine", "builtin")]


@pytest.mark.parametrize("engine", ENGINES, ids=[*VPCS, "builtin"])
def test_the_session_passes_twice_and_again_after_a_restart(
    start_server: StartServer, telnet: OpenTelnet, engine: tuple[str, ...]
) -> None:
    server = start_server(*engine)
    for _ in range(2):
        play(server, telnet)
    assert server.stop() == 0
    server = start_server(*engine)
    assert {project["status"] for project in server.get("/v2/projects")[1]} == {"closed"}
    play(server, telnet)


def words_of(transcript: str) -> str:
    """Without the banner of the version, times, and what 0.5b2 says otherwise: it shows no bytes in a ping, and calls
    every PC PC1.
    """
    text = re.sub(r"Welcome to Virtual PC Simulator.*?Press '\?'", "BANNER Press '?'", transcript, flags=re.DOTALL)
    text = re.sub(r"time=[\d.]+ ms", "time=T ms", text)
    text = re.sub(r"^\n?(?:84 bytes from )?(192\.168\.1\.1 icmp_seq=)", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"^(?:PC1|VPCS) : ", "NAME : ", text, flags=re.MULTILINE)


def transcripts(server: ServerProcess, telnet: OpenTelnet) -> list[str]:
    """What each console said in a session."""
    opened: list[Telnet] = []

    def open_and_remember(port: int) -> Telnet:
        opened.append(telnet(port))
        return opened[-1]

    play(server, open_and_remember)
    assert server.stop() == 0
    opened[-1].wait_closed()
    return [words_of(each.transcript) for each in opened]


@pytest.mark.parametrize("vpcs", VPCS)
def test_the_words_are_those_of_vpcs(start_server: StartServer, telnet: OpenTelnet, vpcs: str) -> None:
    of_vpcs = transcripts(start_server("--vpcs-path", vpcs, "--vpcs-engine", "process"), telnet)
    of_ours = transcripts(start_server("--vpcs-engine", "builtin"), telnet)
    assert of_ours[:2] == of_vpcs[:2]  # the third one ends with the server, somewhere behind this
    assert of_ours[2].partition("still here")[0] == of_vpcs[2].partition("still here")[0]


def ports_are_free(*ports: tuple[int, Any]) -> bool:
    for port, kind in ports:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def test_a_fresh_server_gives_the_numbers_of_the_document(start_server: StartServer, telnet: OpenTelnet) -> None:
    udp, tcp = socket.SOCK_DGRAM, socket.SOCK_STREAM
    expected = ([2000, 2001], [10000, 10001])
    free = ports_are_free((2000, tcp), (2001, tcp), (10000, udp), (10001, udp))
    got = play(start_server(ranges=False), telnet)
    if free:
        assert got == expected
    else:  # another program has one of them: then the next ones, in order
        assert got[0] == sorted(got[0])
        assert got[1] == sorted(got[1])
