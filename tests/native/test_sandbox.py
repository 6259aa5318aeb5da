"""What programs can state that they need, with real programs of the system."""

import os
import resource
import socket
import sys
from pathlib import Path

import attrs
import pytest

from gns3trio.compute.nodes.parts.node_folder import CAP_DAC_OVERRIDE
from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import DEFAULT_LIMITS, Access, Calls, Sandbox
from gns3trio.compute.nodes.parts.spawn import output_of
from tests.confinement import require_confinement

SHELL = "/bin/sh"
# What a system program may read; a real one would state less.
SYSTEM = Sandbox(paths={"/": Access.READ | Access.EXECUTE, "/dev/null": Access.READ | Access.WRITE})
LARGE = attrs.evolve(SYSTEM, limits={**DEFAULT_LIMITS, resource.RLIMIT_AS: resource.RLIM_INFINITY})


async def run(script: str, sandbox: Sandbox, cwd: Path = Path("/")) -> str:
    return (await output_of([SHELL, "-c", script], cwd=cwd, sandbox=sandbox)).decode()


async def python(code: str, sandbox: Sandbox) -> str:
    return (await output_of([sys.executable, "-c", code], cwd=Path("/"), sandbox=sandbox)).decode().strip()


@pytest.fixture(autouse=True)
def kernel() -> None:
    require_confinement()


async def test_files(tmp_path: Path) -> None:
    script = "echo new > file; read line < file && echo $line"
    for access, said, written in (
        (Access.READ, "", False),
        (Access.WRITE, "", True),
        (Access.READ | Access.WRITE, "new\n", True),
    ):
        sandbox = Sandbox(paths={**await files_of(SHELL), str(tmp_path): access})
        assert await run(script, sandbox, tmp_path) == said
        assert (tmp_path / "file").exists() == written
        (tmp_path / "file").unlink(missing_ok=True)


async def test_processes() -> None:
    script = "echo one; (echo two); /bin/echo three"
    assert await run(script, SYSTEM) == "one\n"
    assert await run(script, attrs.evolve(SYSTEM, calls=Calls.PROCESSES)) == "one\ntwo\nthree\n"
    assert await run("exec /bin/echo four", SYSTEM) == "four\n"


async def test_threads_and_memory() -> None:
    code = "import threading; t = threading.Thread(target=print, args=['thread']); t.start(); t.join()"
    assert await python(code, LARGE) == ""
    assert await python(code, attrs.evolve(LARGE, calls=Calls.THREADS)) == "thread"
    code = "print(len(bytearray(500_000_000)))"
    assert await python(code, SYSTEM) == ""
    assert await python(code, LARGE) == "500000000"


async def test_tcp_and_other_sockets() -> None:
    with socket.socket() as service:
        service.bind(("127.0.0.1", 0))
        service.listen()
        code = f"import socket; socket.create_connection({service.getsockname()!r}); print('connected')"
        udp = attrs.evolve(LARGE, sockets=frozenset({(socket.AF_INET, socket.SOCK_DGRAM)}))
        assert await python(code, udp) == ""
        tcp = attrs.evolve(LARGE, sockets=frozenset({(socket.AF_INET, socket.SOCK_STREAM)}))
        assert await python(code, tcp) == "connected"
    pair = "import socket; socket.socketpair(); print('pair')"
    assert await python(pair, tcp) == ""


async def test_devices() -> None:
    """A terminal stands for /dev/kvm, which few machines have."""
    code = (
        "import fcntl, os; d = os.open('/dev/ptmx', os.O_RDWR); fcntl.ioctl(d, 0x40045431, bytes(4)); print('device')"
    )
    assert await python(code, LARGE) == ""
    with_path = attrs.evolve(LARGE, paths={**LARGE.paths, "/dev/ptmx": Access.DEVICE})
    assert await python(code, with_path) == ""
    assert await python(code, attrs.evolve(with_path, calls=Calls.CONTROL)) == "device"


async def test_capabilities_are_kept_if_they_are_asked_for() -> None:
    script = "while read name value; do case $name in Cap*) echo $name $value;; esac; done < /proc/self/status"
    kept = attrs.evolve(SYSTEM, capabilities=frozenset({CAP_DAC_OVERRIDE}))
    for sandbox, expected in ((SYSTEM, 0), (kept, 1 << CAP_DAC_OVERRIDE if os.geteuid() == 0 else 0)):
        found = dict(line.split(": ") for line in (await run(script, sandbox)).splitlines())
        if os.geteuid() != 0:
            del found["CapBnd"]  # to narrow it takes a privilege; it means nothing without new privileges
        assert {int(value, 16) for value in found.values()} == {expected}


async def test_the_environment_is_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNS3TRIO_PASSWORD", "swordfish")
    sandbox = attrs.evolve(SYSTEM, environment={"OWN": "1", "TERM": "dumb"})
    found = dict(line.split("=", 1) for line in (await run("export -p", sandbox)).replace("export ", "").splitlines())
    assert {name: value.strip("'\"") for name, value in found.items() if name != "PWD"} == {
        "HOME": "/",
        "LANG": "C.UTF-8",
        "OWN": "1",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TERM": "dumb",
    }


async def test_output_has_an_end() -> None:
    assert len(await output_of([SHELL, "-c", "while :; do echo y; done"], cwd=Path("/"), sandbox=SYSTEM, most=10)) == 10
    with pytest.raises(FileNotFoundError, match="/nowhere"):
        await output_of(["/nowhere"], cwd=Path("/"), sandbox=SYSTEM)


async def test_the_files_of_a_script_are_those_of_its_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "program"
    script.write_text("#!/bin/sh -e\necho it runs; cat /etc/hostname\n")
    script.chmod(0o755)
    assert (
        await output_of([str(script)], cwd=Path("/"), sandbox=Sandbox(paths=await files_of(str(script))))
        == b"it runs\n"
    )
    script.write_text("#!/nowhere/shell\n")
    assert str(script) in await files_of(str(script))
    for content in (b"", b"#!", b"\x7fELF\x02\x01", b"\x7fELF\x02\x01" + bytes(10) + b"\xff" * 100):
        script.write_bytes(content)
        assert str(script) in await files_of(str(script))
