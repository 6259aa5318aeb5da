"""One lab on three hosts: the controller's, a gns3-server and a server of ours. Our server is the controller, or
gns3-server is.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import attrs
import pytest

from tests.e2e.conftest import StartServer, Telnet
from tests.pcap_reader import read_capture
from tests.peers.hosts import address_of_this_machine, gns3_server
from tests.peers.lab import REPLY, TIMEOUT, Json, Lab, OpenTelnet, ping
from tests.support.compute_process import ComputeProcess, our_server


@attrs.define
class MixedLab:
    """A PC on each host at a switch of our host, and two more PCs with a link of their own from the controller's host
    to the gns3-server. ``bring_back`` is what a user does after a compute was started again.
    """

    lab: Lab
    open_telnet: OpenTelnet
    bring_back: Callable[[], None]
    pcs: list[Json] = attrs.field(init=False)
    links: dict[str, tuple[str, int, int]] = attrs.field(init=False)  # the numbers of PCs that a link is between

    def __attrs_post_init__(self) -> None:
        lab = self.lab
        self.pcs = lab.pcs("local", "gns3", "ours", "local", "gns3")
        switch = lab.switch("ours")
        to_switch = [lab.link((pc, 0), (switch, port)) for port, pc in enumerate(self.pcs[:3])]
        across = lab.link((self.pcs[3], 0), (self.pcs[4], 0))
        self.links = {
            "local-ours": (to_switch[0], 1, 3),
            "gns3-ours": (to_switch[1], 2, 3),
            "local-gns3": (across, 4, 5),
        }

    def start(self) -> None:
        """Start all PCs."""
        self.lab.start(*self.pcs)

    def console(self, number: int) -> Telnet:
        """The console of a PC."""
        node = self.lab.node(self.pcs[number - 1])
        return self.open_telnet(node["console"], node["console_host"])

    def check_all_pings(self) -> None:
        """Every PC reaches each other one that it can."""
        for near, far in [*permutations((1, 2, 3), 2), (4, 5), (5, 4)]:
            ping(self.console(near), far, REPLY)

    def check_filters(self) -> None:
        """Filters and the suspension of the links between hosts."""
        for link, near, far in self.links.values():
            console = self.console(near)
            for change, outcome in (
                ({"filters": {"packet_loss": [100]}}, TIMEOUT),
                ({"filters": {}}, REPLY),
                ({"suspend": True}, TIMEOUT),
                ({"suspend": False}, REPLY),
            ):
                self.lab.request("PUT", link, change, 201)
                ping(console, far, outcome)

    def check_captures(self) -> None:
        """Captures of the links between hosts, as streams."""
        for link, near, far in self.links.values():
            self.lab.request("POST", f"{link}/start_capture", {}, 201)
            ping(self.console(near), far, REPLY)
            with self.lab.http.stream("GET", f"{link}/pcap") as stream:
                pieces, data = stream.iter_raw(), b""
                while not any(
                    packet.data[12:14] == b"\x08\x00" for packet in (read_capture(data).packets if data else [])
                ):
                    data += next(pieces)
            self.lab.request("POST", f"{link}/stop_capture", {}, 201)

    def check_after_a_kill(self, compute: ComputeProcess) -> None:
        """All is back after a compute was killed and started again."""
        compute.kill()
        self.lab.until(f"/v2/computes/{compute.name}", lambda shown: not shown["connected"])
        compute.start()
        self.lab.until(f"/v2/computes/{compute.name}", lambda shown: bool(shown["connected"]))
        self.bring_back()
        self.check_all_pings()


@pytest.fixture
def address() -> str:
    return address_of_this_machine()


@pytest.fixture
def ours(tmp_path: Path, address: str) -> Iterator[ComputeProcess]:
    """Our server as a compute."""
    with our_server(tmp_path / "ours", "ours", address) as compute:
        yield compute


@pytest.fixture
def gns3(tmp_path: Path, stand_ins: tuple[Path, Path], address: str) -> Iterator[ComputeProcess]:
    """gns3-server as a compute."""
    with gns3_server(tmp_path / "gns3", "gns3", stand_ins, address) as compute:
        yield compute


@pytest.fixture
def far_controller(tmp_path: Path, stand_ins: tuple[Path, Path], address: str) -> Iterator[ComputeProcess]:
    """gns3-server as the controller."""
    with gns3_server(tmp_path / "far", "far", stand_ins, address, ports=6000) as controller:
        yield controller


def test_our_controller(
    start_server: StartServer, gns3: ComputeProcess, ours: ComputeProcess, telnet: OpenTelnet
) -> None:
    lab = Lab(start_server().url, gns3, ours)
    mixed = MixedLab(lab, telnet, lab.until_in_order)
    mixed.start()
    mixed.check_all_pings()
    mixed.check_filters()
    mixed.check_captures()
    for compute in (gns3, ours):
        mixed.check_after_a_kill(compute)
    mixed.check_filters()
    lab.request("DELETE", lab.path, None, 204)
    assert gns3.projects() == ours.projects() == []


def test_a_controller_of_gns3(
    far_controller: ComputeProcess, gns3: ComputeProcess, ours: ComputeProcess, telnet: OpenTelnet
) -> None:
    lab = Lab(far_controller.url.removesuffix("/v2/compute"), gns3, ours, auth=far_controller.auth)

    def open_again() -> None:
        """GNS3's controller creates nothing anew on a compute that is back, as long as the project is open."""
        lab.request("POST", f"{lab.path}/close", None, 204)
        lab.request("POST", f"{lab.path}/open", None, 201)
        mixed.start()

    # Each compute of GNS3 would give its first PC the same MAC address; ours does not.
    for number in (1, 2):
        lab.pc(f"UNUSED{number}", "gns3", 100 + number)
    mixed = MixedLab(lab, telnet, open_again)
    mixed.start()
    mixed.check_all_pings()
    mixed.check_filters()
    mixed.check_captures()
    for compute in (ours, gns3):
        mixed.check_after_a_kill(compute)
    mixed.check_filters()
    lab.request("DELETE", lab.path, None, 204)
    assert gns3.projects() == ours.projects() == []
