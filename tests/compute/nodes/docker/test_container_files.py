"""What is put into real containers, and what they leave in the node's folder."""

import os
import re
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from gns3trio import threads
from gns3trio.compute.nodes.docker import container_files
from gns3trio.compute.nodes.docker.container_files import (
    INIT,
    container_environment,
    find_busybox,
    prepare_folders,
    sample_interfaces,
    write_network_configuration,
)
from gns3trio.compute.nodes.docker.namespace_taps import ContainerAdapter, open_container_taps
from gns3trio.compute.nodes.docker.volumes import persistent_folders
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from tests.support.docker_engine import Container, DockerEngine

STATIC = (
    "auto eth1\niface eth1 inet static\n\taddress 10.0.0.7\n\tnetmask 255.255.255.0\n\tup echo was-here > /tmp/up\n"
)
DHCP = "auto eth0\niface eth0 inet dhcp\n\thostname"
UDHCPD = """\
start 10.0.0.99
end 10.0.0.99
interface eth0
lease_file /tmp/leases
option subnet 255.255.255.0
option router 10.0.0.1
option dns 10.0.0.53
option domain lab.test
"""
SERVE = """\
#!/bin/sh
until ip address add 10.0.0.1/24 dev eth0 2>/dev/null; do usleep 20000; done
ip link set eth0 up
touch /tmp/leases
exec udhcpd -f /udhcpd.conf
"""
PASSWD = "root:x:0:0:root:/root:/bin/sh\nlab:x:1000:1000::/tmp:/bin/sh\n"
GROUP = "root:x:0:\nlab:x:1000:\nwheel:x:10:lab\n"


@pytest.fixture
async def forwarder() -> AsyncIterator[Forwarder]:
    async with open_forwarder() as forwarder:
        yield forwarder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / "project-files" / "docker" / str(UUID(int=7))


@contextmanager
def node_container(
    engine: DockerEngine,
    folder: Path,
    image: str,
    *command: str,
    volumes: Sequence[str] = ("/etc/network",),
    adapters: int = 0,
    user: str = "",
    start: bool = True,
) -> Iterator[Container]:
    """A container as a node has one."""
    mounts = [mount.body() for mount in prepare_folders(folder, volumes)]
    environment = container_environment(volumes, adapters, user)
    with engine.container(
        *command,
        image=image,
        host_config={"Mounts": mounts, "NetworkMode": "none", "CapAdd": ["NET_ADMIN"]},
        start=False,
        NetworkDisabled=False,
        Entrypoint=list(INIT),
        Env=environment,
        Hostname="N1",
        User="0",
        Tty=True,
        OpenStdin=True,
    ) as container:
        write_network_configuration(folder, volumes, "N1", adapters)
        if start:
            container.start()
        yield container


def test_a_new_persistent_folder_has_what_the_image_has(docker_engine: DockerEngine, folder: Path) -> None:
    docker_engine.make_image("with-data", "VOLUME /data", files={"/data/first": "1", "/extra/deep/second": "2"})
    volumes = persistent_folders(["/data"], ["/extra", "/new"])
    with node_container(docker_engine, folder, "with-data", "sleep", "1000", volumes=volumes) as container:
        assert container.run("cat", "/data/first", "/extra/deep/second") == "12"
        container.run("sh", "-c", "echo 3 > /data/third; echo 4 > /new/fourth; rm /data/first")
    assert (folder / "data" / "third").read_text() == "3\n"
    assert (folder / "new" / "fourth").read_text() == "4\n"
    assert (folder / "extra" / "deep" / "second").read_text() == "2"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with node_container(docker_engine, folder, "with-data", "sleep", "1000", volumes=volumes) as container:
        assert container.run("ls", "/data").split() == ["third"]
    assert docker_engine.request("GET", "/volumes")["Volumes"] in (None, [])


def test_a_volume_around_the_network_configuration(docker_engine: DockerEngine, folder: Path) -> None:
    docker_engine.make_image("with-etc", files={"/etc/passwd": PASSWD})
    with node_container(docker_engine, folder, "with-etc", "sleep", "1000", volumes=["/etc"]) as container:
        assert container.run("cat", "/etc/passwd").replace("\r", "") == PASSWD
        assert "sample network config" in container.run("cat", "/etc/network/interfaces")


def test_the_sample_of_the_network_configuration() -> None:
    """Their sizes are those of GNS3's files."""
    assert [len(sample_interfaces(*arguments)) for arguments in (("N", 2), ("N1", 1), ("C", 0))] == [680, 430, 178]


def test_the_network_configuration_is_written_once(folder: Path) -> None:
    for name in ("N1", "N2"):
        prepare_folders(folder, ["/etc/network"])
        write_network_configuration(folder, ["/etc/network"], name, 1)
    network = folder / "etc" / "network"
    assert (network / "interfaces").read_text() == sample_interfaces("N1", 1)
    assert {path.name for path in network.iterdir()} == {
        *("interfaces", ".gns3_perms", "interfaces.d", "if-down.d", "if-post-down.d", "if-pre-up.d", "if-up.d")
    }


async def test_the_network_is_configured_before_the_program_starts(
    docker_engine: DockerEngine, forwarder: Forwarder, folder: Path
) -> None:
    """Also in an image without a shell, and without programs for the network."""
    prepare_folders(folder, ["/etc/network"])
    write_network_configuration(folder, ["/etc/network"], "N1", 2)
    (folder / "etc" / "network" / "interfaces").write_text(STATIC)
    docker_engine.make_image(
        "bare", files={"/program": "#!/gns3/bin/sh\nip address show >/tmp/seen\nexec sleep 1000\n"}, names=False
    )
    with node_container(docker_engine, folder, "bare", "/program", adapters=2) as container:
        adapters = [ContainerAdapter(f"eth{number}", f"02:42:0a:00:00:0{number}") for number in (0, 1)]
        taps = open_container_taps(forwarder, container.pid, container.id, adapters)
        try:
            seen = await threads.devices.run(wait_for_file, container, "/tmp/seen")
            assert "inet 10.0.0.7/24" in seen
            assert re.search(r"eth0: <\S*\bUP\b", seen) and "lo: <LOOPBACK,UP,LOWER_UP>" in seen
            assert wait_for_file(container, "/tmp/up") == "was-here"
            assert "127.0.1.1\tN1" in container.run("/gns3/bin/busybox", "cat", "/etc/hosts")
            assert container.run("/gns3/bin/busybox", "cat", "/proc/1/comm").strip() == "sleep"
        finally:
            for tap in taps:
                tap.close()


async def test_an_address_comes_from_a_dhcp_server(
    docker_engine: DockerEngine, forwarder: Forwarder, folder: Path
) -> None:
    """The server is another container, and so is the client's configuration that of GNS3's sample."""
    prepare_folders(folder, ["/etc/network"])
    write_network_configuration(folder, ["/etc/network"], "N1", 1)
    file = folder / "etc" / "network" / "interfaces"
    sample = file.read_text()
    file.write_text(sample.replace("#auto eth0\n#iface eth0 inet dhcp\n#\thostname", DHCP))
    assert file.read_text() != sample
    server_files = {"/udhcpd.conf": UDHCPD, "/serve": SERVE}
    docker_engine.make_image("dhcp-server", files=server_files)
    server = docker_engine.container("/serve", image="dhcp-server", host_config={"CapAdd": ["NET_ADMIN"]})
    with server as near, node_container(docker_engine, folder, "busybox", "sleep", "1000", adapters=1) as far:
        (served,) = open_container_taps(forwarder, near.pid, near.id, [ContainerAdapter("eth0", "02:42:0a:00:00:01")])
        try:
            (tap,) = open_container_taps(forwarder, far.pid, far.id, [ContainerAdapter("eth0", "02:42:0a:00:00:02")])
            try:
                forwarder.connect(served.port, tap.port)
                for each in (served, tap):
                    each.set_carrier(True)
                resolvers = await threads.devices.run(lambda: wait_for_file(far, "/etc/resolv.conf", lines=2))
                assert resolvers == "search lab.test\nnameserver 10.0.0.53"
                assert "inet 10.0.0.99/24" in far.run("ip", "address", "show", "eth0")
                assert "default via 10.0.0.1 dev eth0" in far.run("ip", "route")
            finally:
                tap.close()
        finally:
            served.close()


def test_a_container_that_waits_for_its_interfaces_can_be_stopped(docker_engine: DockerEngine, folder: Path) -> None:
    with node_container(docker_engine, folder, "busybox", "sleep", "1000", adapters=1) as container:
        container.run("sh", "-c", "until [ -e /gns3/bin/sh ]; do usleep 20000; done")
        docker_engine.request("POST", f"/containers/{container.id}/stop?t=60")
        assert container.state["ExitCode"] == 143


@pytest.mark.parametrize(("helps", "force"), [("echo [--force]", "--force"), ("exit 1", "-f")])
def test_the_ifup_of_an_image_is_used(docker_engine: DockerEngine, folder: Path, helps: str, force: str) -> None:
    prepare_folders(folder, ["/etc/network"])
    (folder / "etc" / "network" / "interfaces").write_text(STATIC)
    ifup = f'#!/bin/sh\n[ "$1" = --help ] && {{ {helps}; exit; }}\necho "ifup $@"\n'
    docker_engine.make_image("with-ifup", files={"/sbin/ifup": ifup})
    with node_container(docker_engine, folder, "with-ifup", "echo", "program") as container:
        assert container.printed() == f"ifup -a {force}\nprogram\n"


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("", "uid=0(root) gid=0(root)"),
        ("root", "uid=0(root) gid=0(root)"),
        ("lab", "uid=1000(lab) gid=1000(lab) groups=10(wheel)"),
        ("1000", "uid=1000(lab) gid=1000(lab) groups=10(wheel)"),
        ("lab:wheel", "uid=1000(lab) gid=10(wheel)"),
        ("4711", "uid=4711(user4711) gid=4711"),
    ],
)
def test_the_program_runs_as_the_user_of_the_image(
    docker_engine: DockerEngine, folder: Path, user: str, shown: str
) -> None:
    docker_engine.make_image("with-users", files={"/etc/passwd": PASSWD, "/etc/group": GROUP})
    command = ["sh", "-c", 'id; echo "$HOME|$1|$2"', "-", "a b", "*"]
    with node_container(docker_engine, folder, "with-users", *command, user=user) as container:
        identity, rest = container.printed().splitlines()
    assert identity.startswith(shown)
    assert rest == f"{ {'lab': '/tmp', '1000': '/tmp', 'lab:wheel': '/tmp', '4711': '/'}.get(user, '/root') }|a b|*"


def test_a_user_who_is_not_there_is_told(docker_engine: DockerEngine, folder: Path) -> None:
    docker_engine.make_image("with-users", files={"/etc/passwd": PASSWD, "/etc/group": GROUP})
    with node_container(docker_engine, folder, "with-users", "true", user="nobody-knows") as container:
        assert "unknown user nobody-knows" in container.printed()
        assert container.state["ExitCode"] != 0


@pytest.mark.parametrize("where", ["docker", "node", "etc", "etc/network", "data"])
@pytest.mark.parametrize("what", ["link", "file"])
def test_nothing_outside_of_the_node_is_reached(folder: Path, tmp_path: Path, where: str, what: str) -> None:
    """An imported project may have links in it, and so may the folder of a volume that is inside of an earlier one."""
    outside = tmp_path / "outside"
    (outside / "network").mkdir(parents=True)
    outside.chmod(0o755)
    path = {"docker": folder.parent, "node": folder}.get(where, folder / where)
    path.parent.mkdir(parents=True, exist_ok=True)
    if what == "link":
        path.symlink_to(outside)
    else:
        path.write_text("in the way")
    with pytest.raises(Conflict, match=f"{path}.* cannot be used"):
        prepare_folders(folder, ["/etc/network", "/data"])
    assert [each.name for each in outside.iterdir()] == ["network"] and list((outside / "network").iterdir()) == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


def test_links_in_place_of_the_network_files_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    prepare_folders(folder, ["/etc/network"])
    network = folder / "etc" / "network"
    for name in ("interfaces", ".gns3_perms"):
        (network / name).symlink_to(outside)
    write_network_configuration(folder, ["/etc/network"], "N1", 1)
    assert not outside.exists()
    prepare_folders(folder, ["/etc"])
    for path in network.iterdir():
        path.unlink() if path.is_symlink() else path.rmdir()
    network.rmdir()
    network.symlink_to(tmp_path)
    with pytest.raises(Conflict, match="/etc/network cannot be used"):
        write_network_configuration(folder, ["/etc"], "N1", 1)
    assert not (tmp_path / "interfaces").exists()


def test_a_busybox_that_needs_libraries_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Conflict, match="apt install busybox-static"):
        find_busybox()
    for content in (Path(os.path.realpath("/bin/sh")).read_bytes(), b"#!/bin/sh\n", b""):
        (tmp_path / "busybox").write_bytes(content)
        (tmp_path / "busybox").chmod(0o755)
        with pytest.raises(Conflict, match="need a static busybox"):
            find_busybox()


def test_our_programs_are_part_of_the_package() -> None:
    assert {path.name for path in container_files._INSIDE.iterdir()} >= {"init.sh", "dhcp.sh"}


def wait_for_file(container: Container, path: str, *, lines: int = 1) -> str:
    """The contents of a file in a container as soon as it has so many lines."""
    is_there = f'[ "$(wc -l 2>/dev/null <{path})" -ge {lines} ] 2>/dev/null'
    command = f"until {is_there}; do usleep 20000; done; cat {path}"
    found = container.run("/gns3/bin/timeout", "60", "/gns3/bin/sh", "-c", f"PATH=/gns3/bin; {command}")
    return found.replace("\r", "").strip()
