"""The commands of a built-in PC, without IO: what they ask of the PC, what they show."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
import pytest

from gns3trio.compute.nodes.vpcs.pc_config import render_config
from gns3trio.compute.nodes.vpcs.pc_dhcp import describe
from gns3trio.compute.nodes.vpcs.pc_scripts import run_script
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_shell import run_line
from gns3trio.compute.nodes.vpcs.pc_steps import (
    Command,
    Leave,
    NextEvent,
    Pause,
    Print,
    Quit,
    ReadFile,
    Start,
    Step,
    WriteFile,
)
from gns3trio.forwarder.pc_types import (
    AddressReady,
    AddressTaken,
    Dhcp,
    Event,
    IcmpError,
    NotSent,
    Ping,
    Reply,
    Request,
    Resolve,
    Resolved,
    TakeAddress,
    TimedOut,
    Trace,
)
from tests.support.memory_pc import MemoryPc, done, reply


@attrs.define
class Talk:
    """A console without IO. ``events`` are what the next job tells; ``files`` those of the node's folder."""

    pc: MemoryPc = attrs.field(factory=MemoryPc)
    events: list[Event] = attrs.field(factory=list)
    files: dict[str, str] = attrs.field(factory=dict)
    steps: list[Step] = attrs.field(factory=list)
    refuses: str | None = None
    session: PcSession = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.session = PcSession(self.pc, "PC1")

    def type(self, line: str, *events: Event) -> str:
        self.session.remember(line)
        self.events = [*events, done()]
        return self.run(run_line(self.session, line))

    def run_script(self, text: str) -> str:
        return self.run(run_script(self.session, text, run_line))

    def run(self, command: Command) -> str:
        shown, answer = "", None
        self.steps = []
        while True:
            try:
                step = command.send(answer)
            except StopIteration:
                return shown
            self.steps.append(step)
            answer = None
            match step:
                case Print(text):
                    shown += text
                case NextEvent():
                    answer = self.events.pop(0) if self.events else done()
                    if isinstance(answer, AddressReady):
                        self.pc.take(self.requests[-1], answer.address)
                case Start():
                    answer = self.refuses
                case ReadFile(names):
                    answer = next((self.files[name] for name in names if name in self.files), None)
                case WriteFile(name, text):
                    self.files[name] = text
                case Pause() | Leave() | Quit():
                    pass

    @property
    def requests(self) -> list[Request]:
        return [step.request for step in self.steps if isinstance(step, Start)]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def set_address(talk: Talk, line: str) -> TakeAddress:
    talk.type(line, AddressReady(address=ip_address("10.0.0.1")))
    (request,) = talk.requests
    assert isinstance(request, TakeAddress)
    return request


@pytest.mark.parametrize(
    "line",
    [
        "ip 10.0.0.1/24 10.0.0.254",
        "ip 10.0.0.1 24 10.0.0.254",
        "ip 10.0.0.1 10.0.0.254 24",
        "ip 10.0.0.1 10.0.0.254 255.255.255.0",
        "ip 10.0.0.1 255.255.255.0 10.0.0.254",
        "ip 10.0.0.1 10.0.0.254",
        "ip 10.0.0.1 255.255.255.0 gateway 10.0.0.254",
        "i 10.0.0.1/255.255.255.0 10.0.0.254",
    ],
)
def test_an_address_with_its_gateway_may_be_written_in_many_ways(talk: Talk, line: str) -> None:
    request = set_address(talk, line)
    assert (str(request.address), request.prefix, str(request.gateway)) == ("10.0.0.1", 24, "10.0.0.254")


def test_a_duplicate_address_is_told_with_who_has_it(talk: Talk) -> None:
    taken = AddressTaken(address=ip_address("10.0.0.1"), mac="00:50:79:66:68:01")
    assert talk.type("ip 10.0.0.1", taken) == (
        "Checking for duplicate address...\n10.0.0.1 is being used by MAC 00:50:79:66:68:01\nAddress not changed\n"
    )


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("ip 10.0.0.1/24 10.0.1.1", "not same subnet"),
        ("ip 10.0.0.255/24", "Invalid host address"),
        ("ip 10.0.0.1/0", "Invalid mask"),
        ("ip 10.0.0.1/24 24", "Invalid options"),
        ("ip 10.0.0.1 24 10.0.0.254 10.0.0.253", "Invalid options"),
        ("ip 255.255.255.255", "Invalid address"),
        ("ip 127.0.0.1", "Invalid address"),
        ("ip 10.0.0.1 eui-64", "Invalid options"),
        ("ip eui-64", "Invalid address"),
        ("ip /", "Invalid address"),
        ("ip fd00::1%eth0/64", "Invalid ipv6 address."),
        ("ip fd00::1/64 10.0.0.1", "Invalid options"),
        ("ip dns 10.0.0.256", "Invalid address"),
        ("set mtu 99999", "Invalid MTU, should not be bigger than 9216"),
        (f"set pcname {'x' * 64}", "Hostname is too long. (Maximum 63 characters)"),
        ("set pcname a\x1b[2Jb", "Invalid hostname: letters, digits, '-', '_' and '.' are allowed."),
        ("set echo color mauve", "Invalid options"),
        ("ping 10.0.0.2 -l 65508", "Invalid options"),
        ("ping 10.0.0.2 -c -1", "Invalid options"),
        ("ping 10.0.0.2 -p 65536", "Invalid options"),
        ("ping 10.0.0.2 -f Q", "Invalid options"),
        ("ping \x1b[2J", "Cannot resolve \x1b[2J"),
        ('zone "e" { type master; };', 'Bad command: "zone "e" { type master; };". Use ? for help.'),
        (f"{'x ' * 500}", f'Bad command: "{("x " * 500)[:80]}...". Use ? for help.'),
        ("\x1b[2J", 'Bad command: "?[2J". Use ? for help.'),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(talk: Talk, line: str, answer: str) -> None:
    before = talk.pc.current
    assert talk.type(line) == answer + "\n"
    assert (talk.pc.current, talk.requests) == (before, [])


def test_ipv6_takes_a_gateway_and_makes_eui64(talk: Talk) -> None:
    assert talk.type("ip fd00:1::2/64 fd00:1::1") == "PC1 : fd00:1::2/64 gateway fd00:1::1\n"
    assert talk.pc.current.ipv6_gateway == IPv6Address("fd00:1::1")
    assert talk.type("ip fd00:2::/64 eui-64") == "PC1 : fd00:2::50:79ff:fe00:100/64 eui-64\n"


def test_ping_shows_what_the_answers_were(talk: Talk) -> None:
    unreachable = IcmpError(
        address=ip_address("10.0.0.254"), sequence=2, type=3, code=1, mtu=0, ttl=63, bytes=56, time_us=150,
        hop=0, source_port=0, destination_port=0,
    )  # fmt: skip
    missed = TimedOut(sequence=3, step="echo", hop=0, source_port=0, destination_port=0)
    assert talk.type("ping 10.0.0.2 -c 3 -l 100 -T 9 -w 200 -i 10", reply(1), unreachable, missed) == (
        "\n"
        "84 bytes from 10.0.0.2 icmp_seq=1 ttl=64 time=0.179 ms\n"
        "*10.0.0.254 icmp_seq=2 ttl=63 time=0.150 ms (ICMP type:3, code:1, Destination host unreachable)\n"
        "10.0.0.2 icmp_seq=3 timeout\n"
    )
    (request,) = talk.requests
    assert request == Ping(
        target=IPv4Address("10.0.0.2"), count=3, data_bytes=100, ttl=9, timeout_us=200_000, interval_us=10_000
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("-t", {"count": 0}),
        ("-2 -p 9 -s 1000", {"protocol": "udp", "destination_port": 9, "source_port": 1000}),
        ("-P 6 -f SA", {"protocol": "tcp", "tcp_flags": 18}),
        ("-D -l10000 -c2", {"dont_fragment": True, "data_bytes": 10000, "count": 2}),
        ("-3 -1", {"protocol": "icmp"}),
    ],
)
def test_the_options_of_ping_reach_the_core(talk: Talk, options: str, expected: dict[str, object]) -> None:
    talk.type(f"ping 10.0.0.2 {options}")
    (request,) = talk.requests
    assert request == attrs.evolve(Ping(target=IPv4Address("10.0.0.2")), **expected)


@pytest.mark.parametrize(
    ("reason", "told"), [("no_neighbour", "host (10.0.0.9) not reachable"), ("no_gateway", "No gateway found")]
)
def test_ping_ends_when_nothing_can_be_sent(talk: Talk, reason: str, told: str) -> None:
    not_sent = attrs.evolve(NotSent(sequence=1, reason="done", mtu=0, hop=0), reason=reason)
    assert talk.type("ping 10.0.0.9", not_sent, reply(2)) == f"\n{told}\n"


def test_a_name_is_resolved_in_the_domain(talk: Talk) -> None:
    set_address(talk, "ip 10.0.0.1/24")
    talk.type("ip dns 10.0.0.53")
    talk.type("ip domain lab.test")
    said = talk.type("ping web -c 1", Resolved(address=ip_address("10.0.0.2")))
    assert said.startswith("web resolved to web.lab.test(10.0.0.2)\n\n")
    assert talk.requests[0] == Resolve(name="web.lab.test", family=4)


def test_trace_shows_hops_in_lines(talk: Talk) -> None:
    def hop(number: int, address: str, kind: int, code: int) -> IcmpError:
        return IcmpError(
            address=ip_address(address), sequence=1, type=kind, code=code, mtu=0, ttl=64, bytes=56, time_us=1500,
            hop=number, source_port=0, destination_port=0,
        )  # fmt: skip

    lost = [TimedOut(sequence=1, step="echo", hop=2, source_port=0, destination_port=0)] * 3
    said = talk.type("trace 10.1.0.2", *[hop(1, "10.0.0.254", 11, 0)] * 3, *lost, *[hop(3, "10.1.0.2", 3, 3)] * 2)
    assert said == (
        "trace to 10.1.0.2, 8 hops max, press Ctrl+C to stop\n"
        " 1   10.0.0.254   1.500 ms  1.500 ms  1.500 ms\n"
        " 2     *  *  *\n"
        " 3   *10.1.0.2   1.500 ms (ICMP type:3, code:3, Destination port unreachable)\n"
    )
    assert talk.requests == [Trace(target=IPv4Address("10.1.0.2"))]


def test_a_trace_by_tcp(talk: Talk) -> None:
    reply = Reply(
        address=ip_address("10.1.0.2"), sequence=1, ttl=64, bytes=44, time_us=85, step="echo", hop=1, source_port=1,
        destination_port=2,
    )  # fmt: skip
    assert talk.type("trace 10.1.0.2 -P 6 -m 3", *[reply] * 3) == (
        "trace to 10.1.0.2, 3 hops max (TCP), press Ctrl+C to stop\n 1   10.1.0.2   0.085 ms  0.085 ms  0.085 ms\n"
    )
    assert talk.requests == [Trace(target=IPv4Address("10.1.0.2"), protocol="tcp", max_hops=3)]


def test_dhcp_without_a_server(talk: Talk) -> None:
    assert talk.type("dhcp") == "\nCan't find dhcp server\n"
    (request,) = talk.requests
    assert isinstance(request, Dhcp)
    assert talk.type("dhcp -x") == ""  # there is no lease


@pytest.mark.parametrize("options", [b"", b"\x35", b"\x35\xff\x01", b"\x35\x00", b"\x01\x03abc", b"\x3d\x01\x01"])
@pytest.mark.parametrize("size", [0, 1, 34, 240])
def test_a_broken_dhcp_message_is_described_as_far_as_it_goes(options: bytes, size: int) -> None:
    assert "Option" not in describe(b"\x02" * size + options)


def test_text_of_a_server_cannot_control_the_terminal() -> None:
    option = bytes([15, 4]) + b"\x1b[2J"
    assert describe(b"\x02" * 240 + option + b"\xff").endswith("Option 15: Domain = ?[2J\n")


def test_a_saved_configuration_makes_the_same_pc(talk: Talk) -> None:
    set_address(talk, "ip 10.0.0.1/24 10.0.0.254")
    for line in ("ip fd00::1/64", "ip dns 10.0.0.53", "ip domain lab.test", "set mtu 1400", "set echo color red"):
        talk.type(line)
    talk.type("save")
    saved = talk.files["startup.vpc"]
    assert saved == (
        "set pcname PC1\nip 10.0.0.1 10.0.0.254 24\nip fd00::1/64\nip domain lab.test\nip dns 10.0.0.53\n"
        "set mtu 1400\nset echo color red\n"
    )
    again = Talk()
    again.events = [AddressReady(address=ip_address("10.0.0.1"))]
    again.run_script(saved)
    assert render_config(again.session) == saved


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", ".hidden", "a/b", "a\\b", "é", "x" * 200, "a\0b"])
def test_files_outside_of_the_folder_have_no_names(talk: Talk, name: str) -> None:
    for command in ("save", "load"):
        talk.type(f"{command} {name}")
        assert not any(isinstance(step, ReadFile | WriteFile) for step in talk.steps)


def test_a_name_with_a_hyphen_is_saved(talk: Talk) -> None:
    talk.type("save my-lab")
    assert talk.files["my-lab.vpc"] == "set pcname PC1\n"


def test_a_script_that_loads_itself_ends(talk: Talk) -> None:
    talk.files["a.vpc"] = "load a\nload a\n"
    assert talk.type("load a").count("Too many scripts load each other.") == 16
    assert talk.session.in_script == 0


def test_each_line_of_a_script_runs_whatever_the_others_are(talk: Talk) -> None:
    said = talk.run_script("\ufeff# words\r\n\r\nfoo\r\n" + "echo " + "x" * 3000 + "\r\nset pcname R1\r\necho end")
    assert said == (
        'Bad command: "foo". Use ? for help.\n\nLine 4 is refused: it has 3005 characters, and 1024 are allowed.\n\n\n'
        "end\n"
    )
    assert talk.session.name == "R1"


def test_a_refused_job_is_told(talk: Talk) -> None:
    talk.refuses = "8 jobs run already"
    assert talk.type("ping 10.0.0.2") == "\n8 jobs run already\n"


def test_beginnings_of_words_are_commands_if_they_mean_one(talk: Talk) -> None:
    assert talk.type("h") == "help\nhistory\n"
    assert talk.type("sh hist") == "h\nsh hist\n"
    talk.type("clear hist")
    assert talk.type("history") == "history\n"


@pytest.mark.parametrize("line", ["rlogin 127.0.0.1 23", "relay add 1 2", "set rhost 1.2.3.4", "set dump file"])
def test_what_reaches_the_host_is_refused(talk: Talk, line: str) -> None:
    assert talk.type(line)
    assert {type(step) for step in talk.steps} == {Print}
