"""What is typed into the console of a VPCS: by people, by scripts, by mistake. Real processes, over TCP."""

import re
from pathlib import Path

import pytest
import trio

from gns3trio.compute.nodes.vpcs.node import VpcsNode
from tests.compute.conftest import LOOPBACK, Console, Lab, open_console, process_of


async def started(lab: Lab, name: str = "PC1", script: str | None = None) -> VpcsNode:
    node = await lab.create(name, startup_script=script)
    await node.start()
    return node


async def new_connection(node: VpcsNode) -> Console:
    """A connection that has read nothing yet. Closed at the latest when the node stops."""
    assert node.console is not None
    return Console(await trio.open_tcp_stream(LOOPBACK, node.console))


# --- scripts ---


async def test_a_script_that_presses_enter_first_gets_the_answer_of_its_command(lab: Lab):
    """Many times, because which comes first was a matter of luck."""
    node = await started(lab)
    async with open_console(node):
        pass
    for number in range(12):
        console = await new_connection(node)
        await console.type("\r\n")
        await console.read_until(b"> ")
        await console.type(f"echo MARK{number}\r\n")
        said = await console.read_until(b"PC1> ")
        assert said.count(b"MARK%d" % number) == 2, said


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\0"])
async def test_every_line_of_a_paste_runs_in_order(lab: Lab, end: str):
    node = await started(lab)
    async with open_console(node) as console:
        await console.type("".join(f"echo line {number}{end}" for number in range(1000)))
        await console.type(f"echo last{end}")
        said = (await console.read_until(b"\nlast\r\n")).decode()
    assert re.findall(r"^line (\d+)\r$", said, re.MULTILINE) == [str(number) for number in range(1000)]
    assert said.count("PC1> ") == 1000  # as if each had been typed at its prompt


async def test_lines_wait_for_a_command_that_takes_its_time(lab: Lab):
    node = await started(lab)
    async with open_console(node) as console:
        await console.type("sleep 1\recho first\recho second\r")
        said = await console.read_until(b"\nsecond\r\n")
    assert b"\r\nfirst\r\n" in said


async def test_two_clients_do_not_break_each_others_lines(lab: Lab):
    node = await started(lab)
    async with open_console(node) as first, open_console(node) as second:
        await first.type("".join(f"echo a{number}\r" for number in range(50)))
        await second.type("".join(f"echo b{number}\r" for number in range(50)))
        said = b""
        while not (b"\na49\r\n" in said and b"\nb49\r\n" in said):
            said += await first.read_until(b"> ")
    for typist in (rb"a", rb"b"):
        assert len(re.findall(rb"\n" + typist + rb"\d+\r\n", said)) == 50


# --- keys that do not wait ---


async def test_ctrl_c_overtakes_what_waits_and_discards_it(lab: Lab):
    node = await started(lab)
    async with open_console(node) as console:
        await console.type("sleep 600\recho never\r")
        await console.read_until(b"sleep 600\r\n")
        await console.type("\x03echo after\r")
        assert b"never" not in await console.read_until(b"\nafter\r\n")


async def test_ctrl_c_of_telnet_does_too(lab: Lab):
    node = await started(lab)
    async with open_console(node) as console:
        await console.type("ping 10.1.1.1 -t\r")
        await console.read_until(b"-t\r\n")
        await console._stream.send_all(b"\xff\xf4echo after\r")
        await console.read_until(b"\nafter\r\n")


async def test_a_question_gets_the_next_key_and_no_line_that_waits(lab: Lab):
    node = await started(lab)
    async with open_console(node) as console:
        await console.type("sleep\recho waits\r")
        await console.read_until(b"any key to continue\r\n")
        await console.type("x")
        await console.read_until(b"PC1> ")
        assert b"\r\nwaits\r\n" in await console.read_until(b"PC1> ")


async def test_a_prompt_that_is_not_known_is_not_waited_for_for_ever(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gns3trio.compute.nodes.vpcs.terminal._PROMPT", re.compile(b"(?P<name>x)never"))
    monkeypatch.setattr("gns3trio.compute.nodes.vpcs.console.PATIENCE_SECONDS", 0.1)
    node = await started(lab)
    async with open_console(node) as console:
        for number in range(3):
            await console.type(f"echo {number}\r")
            await console.read_until(b"\n%d\r\n" % number)


# --- lines that VPCS does not survive ---

LONG = [
    "x" * 127,
    "echo " + "x" * 200,
    "echo " + "x" * 995,
    "echo " + "x" * 100_000,
    "echo" + " a" * 20,
    "a " * 63,
    "echo " + "a/" * 20,
    "x" + " a=b" * 10 + "/c",
    "0",
    "0 //",
    "relay del 99999",
    "ping " + "a." * 40,
    "trace 1.1.1.1" + "." * 60,
    "rlogin 1",
    "rl 127.0.0.1 22",
    "set lport 30001",
    "se l 30001",
    "set/lpo=30001",
    "set rport 30001",
    "set  rh 192.0.2.1",
    "echo caf\u00e9",
]


@pytest.mark.parametrize("line", LONG, ids=lambda line: f"{line[:8]}-{len(line)}")
async def test_a_line_that_would_kill_it_is_refused_and_the_pc_lives(lab: Lab, line: str):
    node = await started(lab)
    pid = process_of(node)
    async with open_console(node) as console:
        await console.type(line + "\r")
        said = await console.read_until(b"This line was refused: ")
        said += await console.read_until(b"PC1> ")
        assert said.endswith(b".\r\n\r\n\rPC1> ")
        assert "ALIVE" in await console.run("echo ALIVE")
    assert process_of(node) == pid


async def test_what_else_is_set_is_taken(lab: Lab):
    node = await started(lab)
    async with open_console(node) as console:
        for line in ("set mtu 1400", "set echo on", "set dump all", "set dump off", "set"):
            assert "refused" not in await console.run(line)


async def test_the_longest_line_that_is_taken_runs(lab: Lab):
    node = await started(lab)
    pid = process_of(node)
    async with open_console(node) as console:
        for line in ("echo " + "x" * 121, "echo" + " a" * 19, "ping " + "a." * 31):
            await console.run(line)
        assert "ALIVE" in await console.run("echo ALIVE")
    assert process_of(node) == pid


async def test_a_line_that_grows_by_its_history_is_refused_too(lab: Lab):
    node = await started(lab)
    async with open_console(node) as console:
        await console.run("echo " + "x" * 100)
        await console.type("\x1b[A" + "y" * 50 + "\r")
        await console.read_until(b"refused")
        await console.type("\x1b[A\r")  # the one that was refused is not lost
        await console.read_until(b"refused")
        assert "ALIVE" in await console.run("echo ALIVE")


NOISE = [
    bytes(range(256)) * 4,
    b"\0" * 500,
    b"\x1b" * 500 + b"[",
    b"\x1b[" + b"1;" * 300 + b"A",
    b"\x1b[A" * 300,
    b"\x1b[3~\x1b[D\x1b[C" * 100,
    b"\xff\xff" * 300,
    b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\xff\xfb\x18\xff\xfd\x22\xff\xf6",
    b"%s%n%x" * 20,
    b"\x08\x7f\x15\x17\x0b\x01\x05" * 50,
    b"\x1a\x1c\x11\x13\x04\x16",
    "\u4e2d\u6587\u0301".encode() * 40,
]


@pytest.mark.parametrize("noise", NOISE, ids=lambda noise: f"{noise[:6].hex()}-{len(noise)}")
async def test_noise_does_not_kill_it(lab: Lab, noise: bytes):
    node = await started(lab)
    pid = process_of(node)
    async with open_console(node) as console:
        await console._stream.send_all(noise + b"\0\r")
        await console._stream.send_all(noise + b"\0\x03")
        await console.type("echo ALIVE\r")
        await console.read_until(b"\nALIVE\r\n")
    assert process_of(node) == pid


# --- keys ---


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        ("echo ac\x1b[Db\r", "abc"),
        ("echo ac\x1bODb\r", "abc"),
        ("echo abcX\x7f\r", "abc"),
        ("echo abXc\x1b[D\x1b[D\x1b[3~\r", "abc"),
        ("garbage\x15echo abc\r", "abc"),
        ("echo abc garbage\x17\r", "abc"),
        ("cho abc\x01e\r", "abc"),
        ("echo abc garbage\x02\x02\x02\x02\x02\x02\x02\x02\x0b\r", "abc"),
        ("echo abc\r\x1b[A\r", "abc"),
    ],
)
async def test_a_line_is_edited(lab: Lab, typed: str, runs: str):
    node = await started(lab)
    async with open_console(node) as console:
        for key in typed:  # the bytes of a key may come one by one
            await console.type(key)
        await console.read_until(f"\n{runs}".encode())


# --- names ---


@pytest.mark.parametrize("script", [None, "", "\n", "echo hello\n"])
@pytest.mark.parametrize("name", ["PC1", "Workstation-of-Alice", "caf\u00e9", "a>b"])
async def test_the_prompt_is_the_nodes_own_name(lab: Lab, script: str | None, name: str):
    node = await started(lab, name, script)
    console = await new_connection(node)
    await console.read_until(b"\n\r" + name.encode() + b"> ")
    await console.type("echo MARK\r")
    await console.read_until(b"\nMARK\r\n\r" + name.encode() + b"> ")


async def test_a_name_of_several_words_leaves_the_prompt_of_vpcs(lab: Lab):
    """As in the sample session of the document, with its nodes "VPCS 1" and "VPCS 2"."""
    node = await started(lab, "VPCS 1")
    console = await new_connection(node)
    await console.read_until(b"\n\rVPCS> ")


async def test_a_name_that_vpcs_takes_is_its_own(lab: Lab):
    """It tells DHCP servers, and saves it."""
    node = await started(lab, "PC7")
    async with open_console(node) as console:
        await console.run("save")
        assert "PC7" in await console.run("show ip")
    assert (await node.startup_script() or "").startswith("set pcname PC7\n")


async def test_a_name_that_a_user_gives_is_shown(lab: Lab):
    node = await started(lab, "PC1", "set pcname Other\n")
    console = await new_connection(node)
    await console.read_until(b"\n\rOther> ")
    await console.type("set pcname again\r")
    await console.read_until(b"\n\ragain> ")


# --- start-up scripts ---

SCRIPTS = {
    "crlf": ("set pcname PC1\r\nip 10.0.0.1 10.0.0.254 24\r\n", "10.0.0.1/24", "10.0.0.254"),
    "comment in words": (
        "# This is the configuration of PC1\nip 10.0.0.1/24 10.0.0.254\n",
        "10.0.0.1/24",
        "10.0.0.254",
    ),
    "gateway first": ("ip 10.0.0.1 10.0.0.254 24\n", "10.0.0.1/24", "10.0.0.254"),
    "no gateway": ("ip 10.0.0.1 24\n", "10.0.0.1/24", "0.0.0.0"),
    "no last newline": ("set pcname PC1\nip 10.0.0.1/24", "10.0.0.1/24", "0.0.0.0"),
    "zone file": (
        "$TTL 86400\n@ IN SOA ns.example. admin.example. (\n 1 ; serial\n 3600 )\n"
        + 'zone "example" { type master; };\n' * 12
        + "ip 10.0.0.1/24\n",
        "10.0.0.1/24",
        "0.0.0.0",
    ),
    "byte order mark": ("\ufeffip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "long line": ("echo " + "x" * 3000 + "\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "line of 1 MB": ("x" * 1_000_000 + "\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "long comment": ("# " + "quit " * 300 + "\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "many words": ("echo" + " a" * 60 + "\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "rlogin": ("rlogin 1\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "another port": ("set lport 30001\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "history": ("history\nshow hist\nclear hist\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "endless": ("ping 10.0.0.1 -t\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "control characters": ("\0\x1b[2J\x07\x7f\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
    "latin 1": ("echo caf\udce9\nip 10.0.0.1/24\n", "10.0.0.1/24", "0.0.0.0"),
}


@pytest.mark.parametrize("kind", SCRIPTS)
async def test_good_lines_of_a_script_take_effect(lab: Lab, kind: str):
    script, address, gateway = SCRIPTS[kind]
    node = await lab.create("PC1", startup_script="")
    (node.directory / "startup.vpc").write_bytes(script.encode(errors="surrogateescape"))
    await node.start()
    pid = process_of(node)
    console = await new_connection(node)
    await console.read_until(b"PC1> ")
    shown = await console.run("show")
    assert address in shown and gateway in shown, shown
    assert process_of(node) == pid
    await node.stop()
    assert [path.name for path in node.directory.iterdir()] == ["startup.vpc"]
    assert (node.directory / "startup.vpc").read_bytes() == script.encode(errors="surrogateescape")


async def test_what_is_wrong_with_a_line_of_a_script_is_printed(lab: Lab):
    node = await started(lab, script="echo fine\necho " + "x" * 200 + "\nnonsense\n")
    console = await new_connection(node)
    said = (await console.read_until(b"PC1> ")).decode()
    assert "\nfine" in said
    assert "startup.vpc, line 2 is refused: it has 205 bytes" in said
    assert 'Bad command: "nonsense"' in said


async def test_a_script_that_is_longer_than_anybody_writes_is_cut_off(lab: Lab):
    node = await lab.create("PC1", startup_script="")
    text = b"#\n" * 600_000 + b"echo end\n"
    (node.directory / "startup.vpc").write_bytes(text)
    await node.start()
    console = await new_connection(node)
    said = await console.read_until(b"PC1> ")
    assert b"the rest is left out" in said and b"\nend" not in said
    await node.stop()
    await node.rename("PC2")
    assert (node.directory / "startup.vpc").read_bytes() == text


async def test_a_rename_keeps_the_bytes_of_a_script(lab: Lab, tmp_path: Path):
    node = await lab.create("PC1", startup_script="")
    path = node.directory / "startup.vpc"
    path.write_bytes(b"# PC1 caf\xe9\r\nset pcname first\r\nset pcname PC1\r\nping PC1\r\n")
    await node.rename("R2")
    assert path.read_bytes() == b"# PC1 caf\xe9\r\nset pcname first\r\nset pcname R2\r\nping PC1\r\n"
