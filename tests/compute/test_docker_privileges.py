"""What containers may do to this host, seen from the host, and the settings for it, with a real engine."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.docker_engine import DockerEngine
from tests.support.docker_nodes import open_docker_lab

# A first process that ends when it is asked to; a shell does not.
COMMAND = "sh -c 'trap exit TERM; while :; do sleep 9999 & wait $!; done'"
# linux/capability.h.
NET_ADMIN, SYS_ADMIN, SYS_MODULE, SYS_PTRACE = 12, 21, 16, 19


def first_process(engine: DockerEngine) -> tuple[int, dict[str, Any]]:
    """The pid of the only container's first process, and what the engine says of the container."""
    (container,) = engine.containers()
    found: dict[str, Any] = engine.request("GET", f"/containers/{container}/json")
    return int(found["State"]["Pid"]), found["HostConfig"]


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def capabilities_of(pid: int) -> set[int]:
    bits = int(status_of(pid)["CapBnd"], 16)
    return {number for number in range(64) if bits >> number & 1}


@pytest.mark.parametrize("wanted", [("NET_ADMIN",), ()])
async def test_a_container_has_few_rights(tmp_path: Path, docker_engine: DockerEngine, wanted: tuple[str, ...]) -> None:
    async with open_docker_lab(tmp_path, docker_engine, docker_capabilities=wanted) as lab:
        node = await lab.make("A", adapters=1, start_command=COMMAND)
        await node.start()
        pid, host = first_process(docker_engine)
        assert capabilities_of(pid).isdisjoint({SYS_ADMIN, SYS_MODULE, SYS_PTRACE})
        assert (NET_ADMIN in capabilities_of(pid)) == bool(wanted)
        assert status_of(pid)["Seccomp"] == "2"
        assert host["PidsLimit"] == 8192
        for kind in ("net", "mnt", "pid", "ipc", "uts"):
            assert Path(f"/proc/{pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink(), kind
        interfaces = [
            line.partition(":")[0].strip() for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        ]
        assert set(interfaces) <= {"lo", "eth0", "tunl0", "sit0", "ip6tnl0"}, "no way out but the links of the lab"
        sources = [mount["Source"] for mount in host["Mounts"] if mount["Type"] == "bind"]
        own = str(node.directory)
        assert all(source.startswith(own) or host_file(source) for source in sources)


def host_file(source: str) -> bool:
    """Whether it is a program of ours, which the container can only read."""
    return Path(source).name in ("busybox", "init.sh", "dhcp.sh")


@pytest.mark.parametrize("privileged", [False, True])
async def test_all_rights_are_a_setting(tmp_path: Path, docker_engine: DockerEngine, privileged: bool) -> None:
    """Not every machine of a test can start such a container."""
    async with open_docker_lab(tmp_path, docker_engine, docker_privileged=privileged) as lab:
        await lab.make("A", adapters=0, start_command=COMMAND)
        assert first_process(docker_engine)[1]["Privileged"] is privileged
