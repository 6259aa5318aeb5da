"""Files of containerlab: what is taken, and what is left out, with the reason."""

import json
from typing import Any

import pytest

from gns3trio.commands.containerlab import INTERFACES_FILE, MAX_BYTES, Imported, read_containerlab
from gns3trio.errors import Invalid


def read(topology: dict[str, Any], **fields: Any) -> Imported:
    return read_containerlab(json.dumps({"name": "lab", **fields, "topology": topology}).encode())


def test_containers_and_their_links() -> None:
    linux = {"kind": "linux", "image": "alpine:3"}
    links = [{"endpoints": ["a:eth1", "b:eth2"]}, {"endpoints": ["a:eth3", "b:net0"]}]
    found = read({"nodes": {"a": linux, "b": linux}, "links": links})
    properties = found.nodes["b"]["properties"]
    assert (found.nodes["b"]["node_type"], properties["image"], properties["adapters"]) == ("docker", "alpine:3", 4)
    assert [link["ends"] for link in found.links] == [["a:1/0", "b:2/0"], ["a:3/0", "b:3/0"]]
    assert found.left_out == {"b: the name net0": "the interface is called eth3 in the node"}


def test_a_node_inherits_from_defaults_kind_and_group() -> None:
    topology = {
        "defaults": {"kind": "linux", "env": {"A": 1, "B": "d", "C": True}, "cmd": "sleep 1"},
        "kinds": {"linux": {"image": "one", "env": {"A": 2}}},
        "groups": {"g": {"image": "two", "memory": "512MiB"}},
        "nodes": {"a": None, "b": {"group": "g", "env": {"A": 3}, "cmd": "sleep 9", "cpu": 1.5}},
    }
    nodes = read(topology).nodes
    assert nodes["a"]["properties"] == {
        "image": "one",
        "start_command": "sleep 1",
        "environment": "A=2\nB=d\nC=true",
        "adapters": 1,
    }
    assert nodes["b"]["properties"] == {
        "image": "two",
        "start_command": "sleep 9",
        "environment": "A=3\nB=d\nC=true",
        "memory": 512,
        "cpus": 1.5,
        "adapters": 1,
    }


def test_bridges_are_switches_and_the_host_is_a_cloud() -> None:
    linux = {"kind": "linux", "image": "i"}
    nodes = {"a": linux, "b": linux, "br1": {"kind": "bridge"}, "ovs": {"kind": "ovs-bridge"}}
    links = [
        {"endpoints": ["a:eth1", "br1:p1"]},
        {"endpoints": ["b:eth1", "br1:p2"]},
        {"endpoints": ["a:eth2", "host:veth-a"]},
        {"type": "host", "endpoint": {"node": "b", "interface": "eth2"}, "host-interface": "veth-b"},
        {"type": "macvlan", "endpoint": {"node": "b", "interface": "eth3"}, "host-interface": "enp0s3"},
    ]
    found = read({"nodes": nodes, "links": links})
    assert [port["name"] for port in found.nodes["br1"]["properties"]["ports_mapping"]] == ["p1", "p2"]
    assert [link["ends"][1] for link in found.links] == ["br1:0", "br1:1", "host:0", "host:1", "macvlan:0"]
    clouds = {
        name: [(port["type"], port["interface"]) for port in found.nodes[name]["properties"]["ports_mapping"]]
        for name in ("host", "macvlan")
    }
    assert clouds == {"host": [("tap", "veth-a"), ("tap", "veth-b")], "macvlan": [("ethernet", "enp0s3")]}
    assert "a switch of the lab" in found.left_out["br1: the bridge of the host"]


def test_what_does_not_run_here_is_left_out_with_its_links() -> None:
    nodes = {"a": {"kind": "linux", "image": "i"}, "srl": {"kind": "nokia_srlinux", "image": "srl"}}
    links = [
        {"endpoints": ["a:eth1", "srl:e1-1"]},
        {"endpoints": ["a:eth2", "mgmt-net:x"]},
        {"type": "vxlan", "endpoint": {"node": "a", "interface": "eth3"}},
    ]
    found = read({"nodes": nodes, "links": links}, mgmt={"network": "x"})
    assert list(found.nodes) == ["a"] and found.links == []
    assert found.left_out.keys() == {"mgmt", "srl", "links[0]", "links[1]", "links[2]"}
    assert "nokia_srlinux do not run here" in found.left_out["srl"]
    assert "leads to srl" in found.left_out["links[0]"]


def test_what_would_reach_into_this_machine_is_left_out() -> None:
    """A lab's author must not read files and variables of those who import the lab, nor run anything here."""
    node = {
        "kind": "linux",
        "image": "i",
        "binds": ["~/.ssh/id_rsa:/root/key:ro", "/data"],
        "env": {"TOKEN": "${SECRET}", "__IMPORT_ENVS": True},
        "ports": ["80:80"],
        "network-mode": "host",
    }
    found = read({"nodes": {"a": node, "h": {"kind": "host", "exec": ["rm -rf /"]}}})
    assert found.nodes["a"]["properties"] == {"image": "i", "extra_volumes": ["/data"], "adapters": 1}
    expected = {"a.binds[0]", "a.env.TOKEN", "a.env.__IMPORT_ENVS", "a.ports", "a.network-mode", "h.exec[0]"}
    assert found.left_out.keys() == expected


def test_commands_that_set_up_the_network_go_into_the_interfaces_file() -> None:
    commands = ["ip addr add 10.0.0.1/24 dev eth1", "vtysh -b", "ip x\nrm y"]
    sysctls = {"net.ipv4.ip_forward": 1, "kernel.shmmax": 5, "net.x": "1; rm y"}
    node = {"kind": "linux", "image": "i", "exec": commands, "sysctls": sysctls}
    links = [{"endpoints": ["a:eth1", "br:p1"]}]
    found = read({"nodes": {"a": node, "br": {"kind": "bridge"}}, "links": links})
    lines = found.files["a"][INTERFACES_FILE].splitlines()
    assert lines[1:] == [
        "auto eth1",
        "iface eth1 inet manual",
        "    up sysctl -w net.ipv4.ip_forward=1 || true",
        "    up ip addr add 10.0.0.1/24 dev eth1 || true",
    ]
    left = {"a.exec[1]", "a.exec[2]", "a.sysctls.kernel.shmmax", "a.sysctls.net.x", "br: the bridge of the host"}
    assert found.left_out.keys() == left


def test_the_places_of_its_editor_are_taken() -> None:
    labels = {"graph-posX": "120", "graph-posY": "-40.4", "other": "x"}
    node = read({"nodes": {"a": {"kind": "linux", "image": "i", "labels": labels}}}).nodes["a"]
    assert (node["x"], node["y"]) == (120, -40)


@pytest.mark.parametrize(
    ("topology", "complaint"),
    [
        ({}, "topology.nodes: is missing"),
        ({"nodes": {"a": {"image": "i"}}}, r"topology.nodes.a.kind: is missing"),
        ({"nodes": {"a": {"kind": "linux"}}}, r"topology.nodes.a.image: is missing"),
        ({"nodes": {"a": 7}}, "topology.nodes.a: is not an object"),
        ({"nodes": {"a": {"kind": ["linux"]}}}, "kind: is missing"),
        ({"nodes": {"a": {"kind": "bridge"}}, "links": 7}, "topology.links: is not a list"),
        ({"nodes": {"a": {"kind": "bridge"}}, "links": [{"endpoints": ["a:1"]}]}, "a link has two ends, got 1"),
        ({"nodes": {"a": {"kind": "bridge"}}, "links": [{"endpoints": ["a:1", "b:1"]}]}, "there is no node 'b'"),
        ({"nodes": {"a": {"kind": "bridge"}}, "links": [{"endpoints": ["a", "a:1"]}]}, "'a' is not NODE:INTERFACE"),
        ({"nodes": {"a": {"kind": "bridge"}}, "links": [7]}, r"topology.links\[0\]: is not an object"),
    ],
)
def test_what_is_wrong_is_named(topology: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        read(topology)


@pytest.mark.parametrize("data", [b"", b"[]", b"name: x", b"topology: 7", b"a: &x [1]\nb: *x", b"x" * (MAX_BYTES + 1)])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_containerlab(data)
