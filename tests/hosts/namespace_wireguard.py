"""Two hosts are joined by WireGuard, by the commands and files of the page about it, and nothing leaves them beside it.

WireGuard is that of the kernel, or wireguard-go. Where neither can be used, the page is not followed.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from gns3trio.compute.local.ways import Way, way_to
from tests import rtnetlink
from tests.docs.documents import ROOT, blocks
from tests.hosts.conftest import PASSWORD, USER
from tests.support.hosts import Host, Network, serve_impatiently
from tests.support.hosts_lab import make_lab

PAGE = ROOT / "docs" / "how-to" / "encrypt-links-between-hosts.md"
THEIR_FOLDER = "/etc/wireguard"
PATIENCE = 60
CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 0x40000


def shown(kind: str) -> list[str]:
    """The blocks of the page of a kind."""
    own = PAGE.read_text()
    return [block.text for block in blocks(PAGE) if block.words[0] == kind and block.text in own]


@pytest.fixture(scope="module", autouse=True)
def own_sockets() -> None:
    """wireguard-go has sockets in a folder below /run, by the names of interfaces: have one that nobody else sees.
    Where nothing can be mounted, it is that of the machine.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if (
        libc.unshare(CLONE_NEWNS) == 0
        and libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0
        and libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, None) == 0
    ):
        Path("/run/wireguard").mkdir(mode=0o700)


def has_wireguard() -> bool:
    """Whether an interface can be made here, in the kernel or in user space."""
    if not (shutil.which("wg") and shutil.which("ip")):
        return False
    try:
        rtnetlink._add("wg-probe", "wireguard")
    except OSError:
        sockets = Path("/var/run/wireguard")
        return (
            shutil.which("wireguard-go") is not None
            and os.access("/dev/net/tun", os.R_OK | os.W_OK)
            and os.access(sockets if sockets.exists() else sockets.parent, os.W_OK)
        )
    rtnetlink.delete("wg-probe")
    return True


def run(command: str, host: Host, folder: Path, **environment: str) -> str:
    """Run a command of the page on a host, whose files are in a folder."""
    command = command.replace(THEIR_FOLDER, str(folder))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = host.run(
        lambda: subprocess.run(
            ["sh", "-ec", command],
            cwd=folder,
            env={**os.environ, **host.environment, "PATH": path, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@contextmanager
def joined(hosts: list[tuple[Host, str]], folder: Path) -> Iterator[None]:
    """The hosts, with the names of their interfaces, are joined as the page says."""
    (keys, up_here, up_there, *_) = shown("sh")
    folders = [folder / name for _, name in hosts]
    for (host, _), own in zip(hosts, folders, strict=True):
        own.mkdir()
        run(keys, host, own)
    texts = shown("ini")
    for at, (text, own) in enumerate(zip(texts, folders, strict=True)):
        other_key = (folders[1 - at] / "public.key").read_text().strip()
        for old, new in (
            ("PUBLIC KEY OF ATTIC", other_key),
            ("PUBLIC KEY OF THIS MACHINE", other_key),
            ("192.0.2.10", hosts[0][0].address),
            ("192.0.2.20", hosts[1][0].address),
            (THEIR_FOLDER, str(own)),
        ):
            text = text.replace(old, new)
        (own / f"{hosts[at][1]}.conf").write_text(text)
        (own / f"{hosts[at][1]}.conf").chmod(0o600)
    for (host, name), own, up in zip(hosts, folders, (up_here, up_there), strict=True):
        assert up == f"wg-quick up {name}\n"
        run(f"wg-quick up {own}/{name}.conf", host, own)
    try:
        yield
    finally:
        for (host, name), own in zip(hosts, folders, strict=True):
            run(f"wg-quick down {own}/{name}.conf", host, own)


def doctor(host: Host, folder: Path) -> dict[str, dict[str, Any]]:
    """What it finds on the ways to other hosts, by what it is about."""
    found = json.loads(run("gns3trio doctor --json", host, folder))
    return {each["what"]: each for each in found if each["what"].startswith(("way to", "other hosts"))}


async def test_the_page(network: Network, tmp_path: Path) -> None:
    near = await network.add("near", serve_impatiently, vpcs_engine="builtin")
    far = await network.add("far", user=USER, password=PASSWORD, vpcs_engine="builtin")
    await near.server.request("POST", "/v2/computes", far.as_compute, 201)
    plain = doctor(near, tmp_path)["way to far"]
    assert (plain["verdict"], plain["tells"]) == (
        "optional",
        f"{far.address} through host1, not encrypted; MTU 1500, larger frames than 1464 bytes go in pieces",
    )
    assert "encrypt-links-between-hosts" in plain["advice"] and "password can be read" in plain["advice"]
    await near.server.request("DELETE", "/v2/computes/far", None, 204)
    if not has_wireguard():
        return
    with joined([(near, "wg-attic"), (far, "wg-lab")], tmp_path):
        far.impair(bpf=["ip and not udp port 51820"])  # nothing else passes
        (tmp_path / "password.txt").write_text(PASSWORD)
        add = next(text for text in shown("sh") if text.startswith("gns3trio compute add"))
        await trio.to_thread.run_sync(
            lambda: run(
                add.replace("password.txt", f"{tmp_path}/password.txt"),
                near,
                tmp_path,
                GNS3TRIO_URL="http://127.0.0.1:3080",
            )
        )
        way = doctor(near, tmp_path)["way to attic"]
        line = next(line for text in shown("text") for line in text.splitlines() if "wg-attic" in line)
        assert line.split() == f"way to attic {way['verdict']} {way['tells']}".split()
        (compute,) = [
            each for each in await near.server.request("GET", "/v2/computes", None) if each["name"] == "attic"
        ]
        lab = await make_lab(near, far, compute["compute_id"])
        await lab.ping(lab.far[1], "10.0.0.1")


def test_ways() -> None:
    rtnetlink.set_up("lo")
    here = way_to("127.0.0.1")
    assert (here.interface, here.is_here, here.is_wireguard) == ("lo", True, False)
    rtnetlink.add_veth("way0", "way1")
    rtnetlink.set_address("way0", "10.98.0.1")
    rtnetlink.set_mtu("way0", 1234)
    try:
        assert way_to("10.98.0.2") == Way("10.98.0.2", "way0", "veth", 1234, False)
        assert way_to("10.98.0.1").is_here
        with pytest.raises(OSError, match="unreachable"):
            way_to("192.0.2.1")
    finally:
        rtnetlink.delete("way0")
