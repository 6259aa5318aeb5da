"""Docker nodes: real containers of a real engine. ``tests/e2e/test_docker.py`` has a whole lab."""

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import attrs
import httpx
import pytest
import trio

from gns3trio.compute.nodes.docker import container_node, containers
from gns3trio.compute.nodes.docker.containers import Containers, ContainerState
from gns3trio.compute.nodes.docker.engine import EngineRefused
from gns3trio.errors import Conflict, Invalid
from tests.support.docker_engine import BUSYBOX, Container, DockerEngine
from tests.support.docker_nodes import Cut, DockerLab, ask, open_docker_lab, open_prompt
from tests.support.machines import open_shell
from tests.support.plain_http import NO_TLS


@pytest.fixture(autouse=True)
def killed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell does not end when it is asked to, so its container is killed after five seconds."""
    monkeypatch.setattr(containers, "STOP_SECONDS", 0)


@pytest.fixture
async def lab(tmp_path: Path, docker_engine: DockerEngine) -> AsyncIterator[DockerLab]:
    """A compute with Docker nodes. None of their containers is left."""
    async with open_docker_lab(tmp_path, docker_engine) as lab:
        yield lab
    assert docker_engine.containers() == []


async def test_links_of_a_running_container(lab: DockerLab) -> None:
    """They are made, changed and broken while it runs, and it sees whether a cable is plugged in."""
    first = await lab.start("A", adapters=2, mac_address="02:00:00:00:00:10")
    second = await lab.make("B")
    await lab.connect((first, 1, 0), (second, 0, 0))
    await second.start()
    async with open_prompt(first) as a, open_prompt(second) as b:
        addresses = await a.run("cat /sys/class/net/eth*/address")
        assert addresses.split()[-2:] == ["02:00:00:00:00:10", "02:00:00:00:00:11"]
        await a.run("ip address add 10.0.0.1/24 dev eth1")
        await b.run("ip address add 10.0.0.2/24 dev eth0")
        await a.run("ping -c 1 -w 30 10.0.0.2")
        carriers = "cat /sys/class/net/eth0/carrier /sys/class/net/eth1/carrier"
        assert (await a.run(carriers)).split()[-2:] == ["0", "1"]
        await first.unbind_nio(1, 0)
        assert (await a.run(carriers)).split()[-2:] == ["0", "0"]
        assert (await b.attempt("ping -c 1 -W 1 10.0.0.1"))[1] == 1
        await second.unbind_nio(0, 0)
        await lab.connect((first, 0, 0), (second, 0, 0))
        await a.run("ip address add 10.0.1.1/24 dev eth0")
        await b.run("ip address add 10.0.1.2/24 dev eth0")
        await b.run("ping -c 1 -w 30 10.0.1.1")
        await a.run("ip link delete eth0")
        assert first.port_trouble(0, 0) == "the container has no interface eth0 any more"
    with pytest.raises(Conflict, match=r"properties.adapters: 'A' runs"):
        await first.set_properties({"adapters": 3})
    for wrong in (2, 0), (0, 1):
        with pytest.raises(Conflict, match="doesn't exist"):
            await first.unbind_nio(*wrong)


async def test_what_the_properties_do(lab: DockerLab) -> None:
    node = await lab.make(
        "my node",
        start_command="sh -c 'echo \"a  b\" $X; exec sh'",
        environment="X=1\nNAME=%vm-name%\n",
        extra_hosts="router:192.0.2.7",
        extra_volumes=["/kept"],
        memory=64,
        cpus=0.5,
    )
    state = lab.engine.request("GET", f"/containers/{node.properties()['container_id']}/json")
    assert (state["HostConfig"]["Memory"], state["HostConfig"]["NanoCpus"]) == (64 * 2**20, 500_000_000)
    assert state["HostConfig"]["Privileged"] is False and state["HostConfig"]["CapAdd"] == ["NET_ADMIN"]
    await node.start()
    async with open_prompt(node) as shell:
        said = await shell.run("hostname; cat /etc/hosts; echo name=$NAME; echo x >/kept/file; touch /lost")
        assert "my-node" in said and "192.0.2.7\trouter" in said and 'name="my node"' in said
        # Of the kernel's settings, it may change those of its own network.
        await shell.run("echo 1 >/proc/sys/net/ipv4/ip_forward")
        assert (await shell.attempt("echo x >/proc/sys/kernel/core_pattern"))[1] != 0
    (usage,) = await lab.compute.usage([node])
    assert usage is not None and usage.processes >= 1 and usage.configured_memory_bytes == 64 * 2**20

    await node.reload()  # the container is the same
    async with open_prompt(node) as shell:
        await shell.run("ls /lost")
    before = node.properties()["container_id"]
    await node.set_properties({"environment": "X=2"})  # a new one, at the next start
    assert node.properties()["container_id"] == before
    await node.reload()
    async with open_prompt(node) as shell:
        assert "x" in await shell.run("cat /kept/file; echo is=$X; ls /etc/network/interfaces")
        assert (await shell.attempt("ls /lost"))[1] != 0
    assert node.properties()["container_id"] != before
    assert (Path(str(node.directory)) / "kept" / "file").read_text() == "x\n"
    await node.stop()
    now = node.properties()["container_id"]
    await node.set_properties({"usage": "none", "console_http_port": 81})
    assert node.properties()["container_id"] == now
    await node.set_properties({"environment": None})
    assert node.properties()["container_id"] != now and node.properties()["environment"] is None


@pytest.mark.parametrize(
    ("properties", "error", "words"),
    [
        ({"image": "../x"}, Invalid, "properties.image"),
        ({"image": ""}, Invalid, "properties.image"),
        ({"start_command": "echo 'a"}, Invalid, "properties.start_command: No closing quotation"),
        ({"environment": "=x"}, Invalid, "properties.environment"),
        ({"extra_hosts": "nonsense"}, Conflict, "Can't apply `ExtraHosts`, wrong format: nonsense"),
        ({"extra_volumes": ["relative"]}, Conflict, "Persistent volume 'relative' has invalid format"),
        ({"adapters": 100}, Invalid, "properties.adapters"),
        ({"mac_address": "x"}, Invalid, "properties.mac_address"),
        ({"console_resolution": "big"}, Invalid, "properties.console_resolution"),
        ({"surprise": 1}, Invalid, "surprise"),
    ],
)
async def test_wrong_properties(
    lab: DockerLab, properties: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await lab.create("A", {"image": BUSYBOX, **properties}, node_type="docker")
    assert lab.engine.containers() == []


async def test_containers_that_end_by_themselves(lab: DockerLab) -> None:
    node = await lab.start("A")
    lab.engine.request("POST", f"/containers/{lab.container(node).id}/kill")
    await lab.wait_stopped(node)
    assert lab.told("A", "error") == ["Docker container 'A' was killed by SIGKILL"]

    await node.start()
    async with open_prompt(node) as shell:
        await shell.send("exit 0\n")
        await lab.wait_stopped(node)
    assert node.exit_reason == "ended" and len(lab.told("A", "error")) == 1

    await node.start()
    lab.engine.request("DELETE", f"/containers/{lab.container(node).id}?force=1")
    await lab.wait_stopped(node)
    await node.start()  # another container
    assert lab.container(node).state["Running"]

    # The engine has made one whose id did not come to the server.
    made = lab.engine.request("GET", f"/containers/{lab.container(node).id}/json")
    await node.stop()
    lab.engine.request("DELETE", f"/containers/{made['Id']}")
    body = {"Image": BUSYBOX, "Cmd": ["sh"], "Labels": made["Config"]["Labels"]}
    lab.engine.request("POST", f"/containers/create?name={made['Name'][1:]}", body)
    await node.start()
    assert lab.container(node).state["Running"]


@pytest.mark.parametrize(
    ("command", "words"),
    [("/missing", "exited with code 127: .*missing"), ("sh -c 'echo broken; exit 3'", "exited with code 3: broken$")],
)
async def test_containers_that_end_at_once(lab: DockerLab, command: str, words: str) -> None:
    """The user is told what they have printed: by the start, if it is so soon, or by an event."""
    node = await lab.make("A", start_command=command, adapters=0)
    try:
        await node.start()
    except Conflict as error:
        told = str(error)
        assert lab.told("A", "error") == []
    else:
        await lab.wait_stopped(node)
        (told,) = lab.told("A", "error")
    assert node.status == "stopped" and re.search(words, told), told


async def unpause(container: Container) -> None:
    """Let a frozen container go on, past the server. The engine may refuse that for a moment."""
    with trio.fail_after(60):
        while True:
            with suppress(AssertionError):
                container.engine.request("POST", f"/containers/{container.id}/unpause")
                return
            await trio.sleep(0.02)


async def test_suspend_and_the_signal_to_stop(lab: DockerLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "STOP_SECONDS", 60)
    node = await lab.start(
        "A",
        start_command='sh -c \'trap "echo bye >/kept/bye; exit 5" TERM; echo re""ady; sleep 9999 & wait\'',
        extra_volumes=["/kept"],
    )
    with open_shell(node) as shell:
        await shell.read_until(b"ready")
    await node.suspend()
    assert node.status == "suspended" and lab.container(node).state["Paused"]
    await node.start()
    assert node.status == "started"
    await node.suspend()
    await unpause(lab.container(node))  # somebody else
    await node.start()
    assert node.status == "started"
    await node.suspend()
    with trio.fail_after(50):
        await node.stop()
    assert node.status == "stopped" and node.exit_reason is None and lab.told("A", "error") == []
    assert (Path(str(node.directory)) / "kept" / "bye").exists()


async def test_an_engine_that_is_late_to_know_what_is_suspended(
    lab: DockerLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moby may refuse to freeze what runs, or to let go on what is frozen, and show a wrong state meanwhile."""
    pause, unpause, state = Containers.pause, Containers.unpause, Containers.state
    refusals = 0

    def refuse() -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise EngineRefused("Container is in that state already", 409)

    async def pause_late(self: Containers, container_id: str) -> None:
        refuse()
        await pause(self, container_id)

    async def unpause_late(self: Containers, container_id: str) -> None:
        refuse()
        await unpause(self, container_id)

    async def wrong_state(self: Containers, container_id: str) -> ContainerState | None:
        found = await state(self, container_id)
        return None if found is None else attrs.evolve(found, is_paused=not found.is_paused)

    monkeypatch.setattr(Containers, "pause", pause_late)
    monkeypatch.setattr(Containers, "unpause", unpause_late)
    monkeypatch.setattr(Containers, "state", wrong_state)
    node = await lab.start("A")
    refusals = 3
    await node.suspend()
    assert node.status == "suspended" and lab.container(node).state["Paused"]
    refusals = 3
    await node.start()
    assert node.status == "started" and refusals == 0
    async with open_prompt(node) as shell:  # it is not frozen
        await shell.run("true")


async def test_the_second_console(lab: DockerLab) -> None:
    """It has a shell, also where the image has none, and begins anew when a user leaves it."""
    node = await lab.start("A", start_command="sleep 9999")
    aux = node.properties()["aux"]
    for number in (1, 2):
        await ask(aux, b"echo ans''wer%d; exit\n" % number, b"\nanswer%d" % number)
    await node.set_properties({"aux": None})
    assert node.properties()["aux"] == aux
    await node.reset_console()
    await ask(aux, b"echo ans''wer3\n", b"\nanswer3")


async def test_a_web_console(lab: DockerLab) -> None:
    command = "sh -c 'echo welcome >/index.html; httpd -f -p 8080 -h /'"
    node = await lab.start("A", console_type="http", start_command=command, console_http_port=8080)
    assert node.console_access is None
    async with httpx.AsyncClient(verify=NO_TLS) as http:
        with trio.fail_after(60):
            while True:
                try:
                    reply = await http.get(f"http://127.0.0.1:{node.console}/index.html")
                    break
                except httpx.TransportError:  # it does not listen yet
                    await trio.sleep(0.05)
        assert reply.text == "welcome\n"
    await node.stop()
    with pytest.raises(OSError, match=r"."):
        await trio.open_tcp_stream("127.0.0.1", node.console or 0)
    with pytest.raises(Conflict, match="vnc"):
        await lab.make("B", console_type="vnc")
    await node.set_console(None, "none")
    assert node.console is None
    await node.start()


async def test_an_engine_that_goes_away(tmp_path: Path, docker_engine: DockerEngine) -> None:
    """A container that has survived it is found again, one that has not is stopped; and at the end nothing is left."""
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket may have 107 bytes
        async with trio.open_nursery() as nursery:
            cut = Cut(Path(folder) / "sock", docker_engine)
            await nursery.start(cut.open)
            async with open_docker_lab(tmp_path, docker_engine, docker_socket=cut.path) as lab:
                first, second = await lab.start("A"), await lab.start("B")
                third = await lab.make("C")
                cut.cut()
                with trio.fail_after(60):
                    while not (lab.told("A", "warning") and lab.told("B", "warning")):
                        await trio.sleep(0.02)
                for call in (second.stop, third.start, partial(lab.make, "D")):
                    with pytest.raises(Conflict, match=r"Docker is not available: .*sock: No such file"):
                        await call()
                await lab.compute.close_node(third)
                assert (first.status, second.status) == ("started", "started")
                docker_engine.request("POST", f"/containers/{lab.container(second).id}/kill")
                await nursery.start(cut.open)
                await lab.wait_stopped(second)
                async with open_prompt(first) as shell:
                    await shell.run("true")
                await lab.make("E")
            cut.cut()
    assert docker_engine.containers() == []


async def test_an_engine_that_is_silent(
    tmp_path: Path, docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes are closed without it soon, because the end of the server waits for them; containers go when it answers."""
    monkeypatch.setattr(container_node, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(containers, "REMOVE_SECONDS", 0.1)
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket may have 107 bytes
        async with trio.open_nursery() as nursery:
            cut = Cut(Path(folder) / "sock", docker_engine)
            await nursery.start(cut.open)
            async with open_docker_lab(tmp_path, docker_engine, docker_socket=cut.path) as lab:
                first, second = await lab.start("A"), await lab.make("B")
                cut.is_silent = True
                with trio.fail_after(60):
                    for node in first, second:
                        await lab.compute.close_node(node)
                assert first.status == "stopped"
                assert len(docker_engine.containers()) == 2
                cut.is_silent = False
                monkeypatch.undo()
                await lab.make("C")
                assert len(docker_engine.containers()) == 1
            cut.cut()
    assert docker_engine.containers() == []


async def test_another_server_with_the_same_engine(tmp_path: Path, docker_engine: DockerEngine) -> None:
    """Its containers are not touched, even if it is a copy of this one."""
    async with open_docker_lab(tmp_path / "one", docker_engine) as lab:
        node = await lab.start("A")
        state = tmp_path / "two" / "projects" / ".gns3trio"
        state.mkdir(parents=True)
        identity = (tmp_path / "one" / "projects" / ".gns3trio" / "docker-server-id").read_text()
        (state / "docker-server-id").write_text(identity)
        async with open_docker_lab(tmp_path / "two", docker_engine) as other:
            await other.start("A")
            assert len(docker_engine.containers()) == 2
        assert node.status == "started" and lab.container(node).state["Running"]


async def test_hosts_without_an_engine(tmp_path: Path, docker_engine: DockerEngine) -> None:
    async with open_docker_lab(tmp_path, docker_engine, docker_socket=tmp_path / "none") as lab:
        assert lab.compute.runs("docker")
        with pytest.raises(Conflict, match=r"Docker is not available: .*none: No such file or directory"):
            await lab.make("A")
        with pytest.raises(Conflict, match="Docker is not available"):
            await lab.compute.docker_images()
        # One of a project's file is there, and tells it when it is started.
        node = await lab.make_saved("B", container_id="0123456789ab")
        with pytest.raises(Conflict, match="Docker is not available"):
            await node.start()
        assert node.properties()["container_id"] is None
