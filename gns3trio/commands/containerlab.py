"""Reads topology files of containerlab (``*.clab.yml``), as its public documentation describes them. Sans-IO.

Of the kinds, only those are taken that run here: ``linux`` is a container, ``bridge`` and ``ovs-bridge`` are switches
of the lab, ``host`` is a cloud. Everything else is left out, with the reason.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from gns3trio.classes import define
from gns3trio.commands.containerlab_reasons import LINK_KINDS, REASONS, WITHOUT_EFFECT
from gns3trio.errors import Invalid
from gns3trio.topology_yaml import parse_yaml

Json = dict[str, Any]

MAX_BYTES = 4 * 1024 * 1024
_MOST_ADAPTERS = 99  # of a container here

_SWITCHES = ("bridge", "ovs-bridge")
# Fields that are inherited one by one, and lists that are joined; all others are taken as a whole from the nearest.
_JOINED_MAPS = ("env", "labels", "sysctls")
_JOINED_LISTS = ("binds", "env-files")
_SYSCTL = re.compile(r"net\.[\w.-]{1,100}=[\w.-]{1,100}", re.ASCII)
_ETH = re.compile(r"eth(\d{1,3})")
_MEMORY = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(b|kb|kib|mb|mib|gb|gib)?", re.IGNORECASE)
_BYTES = {"b": 1, "kb": 10**3, "kib": 2**10, "mb": 10**6, "mib": 2**20, "gb": 10**9, "gib": 2**30}
# Commands that only set up the network. They are also right before the program of the container starts.
_NETWORK_COMMANDS = ("ip ", "ifconfig ", "route ", "sysctl ", "brctl ", "bridge ", "ethtool ")
INTERFACES_FILE = "etc/network/interfaces"


@define
class Imported:
    """What a file gives: a topology document, files that the nodes get, by node and path, and what was left out, with
    the reasons.
    """

    name: str
    nodes: dict[str, Json] = attrs.field(factory=dict)
    links: list[Json] = attrs.field(factory=list)
    files: dict[str, dict[str, str]] = attrs.field(factory=dict)
    left_out: dict[str, str] = attrs.field(factory=dict)

    def document(self) -> Json:
        """The topology document."""
        return {"nodes": self.nodes, "links": self.links}


def read_containerlab(data: bytes) -> Imported:
    """Read a file. Raises Invalid if it is not one of containerlab."""
    if len(data) > MAX_BYTES:
        raise Invalid(f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    raw = parse_yaml(data)
    topology = _map(raw, "the file").get("topology")
    if not isinstance(topology, dict) or not isinstance(topology.get("nodes"), dict):
        raise Invalid("topology.nodes: is missing; is this a file of containerlab?")
    imported = Imported(str(raw.get("name") or "containerlab"))
    for name, why in (("mgmt", "there is no management network"), ("settings", "it is about containerlab itself")):
        if raw.get(name):
            imported.left_out[name] = why
    configs = {str(name): _config(topology, node, f"nodes.{name}") for name, node in topology["nodes"].items()}
    lab = _Lab(imported, configs)
    for name, config in configs.items():
        lab.add_node(name, config)
    links = topology.get("links") or []
    if not isinstance(links, list):
        raise Invalid("topology.links: is not a list")
    for number, link in enumerate(links):
        lab.add_link(f"links[{number}]", link)
    lab.finish()
    return imported


def _map(value: Any, where: str) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(f"{where}: is not an object")
    return value


def _config(topology: Json, node: Any, where: str) -> Json:
    """The configuration of a node, with what it inherits: from the defaults, its kind and its group."""
    own = _map(node, f"topology.{where}")
    defaults = _map(topology.get("defaults"), "topology.defaults")
    groups, kinds = _map(topology.get("groups"), "topology.groups"), _map(topology.get("kinds"), "topology.kinds")
    group = _map(groups.get(str(own.get("group", defaults.get("group")))), "topology.groups")
    kind = own.get("kind") or group.get("kind") or defaults.get("kind")
    if not isinstance(kind, str):
        raise Invalid(f"topology.{where}.kind: is missing")
    levels = [defaults, _map(kinds.get(kind), "topology.kinds"), group, own]
    config = {name: value for level in levels for name, value in level.items()}
    for name in _JOINED_MAPS:
        found = [_map(level.get(name), f"topology.{where}.{name}") for level in levels]
        config[name] = {key: value for each in found for key, value in each.items()}
    for name in _JOINED_LISTS:
        config[name] = [each for level in levels for each in _list(level.get(name), f"topology.{where}.{name}")]
    return {**{name: value for name, value in config.items() if value not in (None, {}, [])}, "kind": kind}


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid(f"{where}: is not a list")
    return value


@define
class _Lab:
    """The nodes and links that are taken so far."""

    imported: Imported
    configs: Mapping[str, Json]
    _commands: dict[str, list[str]] = attrs.field(factory=dict)  # that set up the network of each node
    _ports: dict[str, list[str]] = attrs.field(factory=dict)  # the interfaces of each node that have links

    def leave_out(self, where: str, reason: str) -> None:
        self.imported.left_out[where] = reason

    # --- nodes ---

    def add_node(self, name: str, config: Json) -> None:
        kind = config["kind"]
        if kind == "linux":
            self._add_container(name, config)
        elif kind in _SWITCHES:
            self.imported.nodes[name] = {"node_type": "ethernet_switch"}
            self.leave_out(f"{name}: the {kind} of the host", "a switch of the lab takes its place")
        elif kind == "host":
            self._add_cloud(name)
            for number, command in enumerate(_list(config.get("exec"), f"{name}.exec")):
                self.leave_out(f"{name}.exec[{number}]", f"nothing is run on the host: {command}")
        else:
            self.leave_out(name, f"nodes of the kind {kind} do not run here; linux, bridge, ovs-bridge and host do")
            return
        labels = config.get("labels", {})
        for axis in ("x", "y"):
            text = str(labels.get(f"graph-pos{axis.upper()}", ""))
            if re.fullmatch(r"-?\d{1,6}(\.\d{1,6})?", text):
                self.imported.nodes[name][axis] = round(float(text))

    def _add_cloud(self, name: str) -> None:
        self.imported.nodes[name] = {"node_type": "cloud", "properties": {"ports_mapping": []}}

    def _add_container(self, name: str, config: Json) -> None:
        if not isinstance(config.get("image"), str):
            raise Invalid(f"topology.nodes.{name}.image: is missing")
        properties: Json = {"image": config["image"]}
        if "cmd" in config:
            properties["start_command"] = _text(config["cmd"], f"{name}.cmd")
        if environment := "\n".join(self._environment(name, config.get("env", {}))):
            properties["environment"] = environment
        if volumes := list(self._volumes(name, config.get("binds", []))):
            properties["extra_volumes"] = volumes
        if hosts := config.get("extra-hosts"):
            lines = [_text(each, f"{name}.extra-hosts") for each in _list(hosts, f"{name}.extra-hosts")]
            properties["extra_hosts"] = "\n".join(lines)
        if "memory" in config:
            self._take_memory(name, str(config["memory"]), properties)
        if isinstance(config.get("cpu"), int | float):
            properties["cpus"] = float(config["cpu"])
        self.imported.nodes[name] = {"node_type": "docker", "properties": properties}
        self._take_sysctls(name, config.get("sysctls", {}))
        self._take_commands(name, config.get("exec"))
        for field in config:
            if field not in _TAKEN and field not in WITHOUT_EFFECT:
                self.leave_out(f"{name}.{field}", REASONS.get(field, "is not known here"))

    def _environment(self, name: str, env: Json) -> Iterator[str]:
        for variable, value in env.items():
            text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            where = f"{name}.env.{variable}"
            if variable == "__IMPORT_ENVS" or "${" in text:
                self.leave_out(where, "variables of this shell are not taken: write the value")
            elif "\n" in text:
                self.leave_out(where, "the value has several lines")
            else:
                yield f"{variable}={text}"

    def _volumes(self, name: str, binds: list[Any]) -> Iterator[str]:
        """The folders that the engine keeps. Those of the host stay on the host: the lab may run elsewhere."""
        for number, bind in enumerate(binds):
            source, colon, rest = str(bind).partition(":")
            if not colon:
                yield source
                continue
            target = rest.partition(":")[0]
            self.leave_out(
                f"{name}.binds[{number}]",
                f"{source} of the host is not mounted: copy it into the node's folder, or build it into the image "
                f"(it would be {target})",
            )

    def _take_memory(self, name: str, text: str, properties: Json) -> None:
        found = _MEMORY.fullmatch(text.strip())
        if found is None:
            self.leave_out(f"{name}.memory", f"{text!r} is not a size")
        else:
            properties["memory"] = max(1, round(float(found[1]) * _BYTES[(found[2] or "b").lower()] / 2**20))

    def _take_commands(self, name: str, commands: Any) -> None:
        """Take the commands that set up the network: they go into the file that configures the interfaces."""
        taken = []
        for number, command in enumerate(_list(commands, f"{name}.exec")):
            text = _text(command, f"{name}.exec[{number}]").replace("$$", "$").strip()
            if text.startswith(_NETWORK_COMMANDS) and "\n" not in text:
                taken.append(text)
            else:
                self.leave_out(f"{name}.exec[{number}]", f"type it in the console when the node has started: {text}")
        if taken:
            self._commands.setdefault(name, []).extend(taken)

    def _take_sysctls(self, name: str, sysctls: Json) -> None:
        """Take the settings of the container's own network, as commands."""
        for key, value in sysctls.items():
            if _SYSCTL.fullmatch(f"{key}={value}"):
                self._commands.setdefault(name, []).append(f"sysctl -w {key}={value}")
            else:
                self.leave_out(f"{name}.sysctls.{key}", "a container can only change the settings of its own network")

    # --- links ---

    def add_link(self, where: str, link: Any) -> None:
        fields = _map(link, f"topology.{where}")
        if (kind := fields.get("type", "veth")) in LINK_KINDS:
            self.leave_out(where, LINK_KINDS[kind])
            return
        try:
            ends = list(_ends(fields, kind))
        except Invalid as error:
            raise Invalid(f"topology.{where}.{error}") from None
        missing = [node for node, _ in ends if node not in self.imported.nodes and node not in ("host", "macvlan")]
        if any(node == "mgmt-net" for node, _ in ends):
            self.leave_out(where, LINK_KINDS["mgmt-net"])
        elif unknown := [node for node in missing if node not in self.configs]:
            raise Invalid(f"topology.{where}: there is no node {unknown[0]!r} in topology.nodes")
        elif missing:
            self.leave_out(where, f"it leads to {missing[0]}, which is left out")
        elif ends[0][0] == ends[1][0]:
            self.leave_out(where, "it leads from a node to itself")
        else:
            self.imported.links.append({"ends": [self._end(where, node, interface) for node, interface in ends]})

    def _end(self, where: str, node: str, interface: str) -> str:
        """The end of a link at the port for this interface, as a topology document writes it."""
        if node in ("host", "macvlan") and node not in self.imported.nodes:
            self._add_cloud(node)
        ports = self._ports.setdefault(node, [])
        if interface in ports:
            raise Invalid(f"topology.{where}: {node}:{interface} has a link already")
        ports.append(interface)
        if self.imported.nodes[node]["node_type"] != "docker":
            return f"{node}:{len(ports) - 1}"
        return f"{node}:{interface}"  # its number is known when all interfaces are

    def finish(self) -> None:
        """Number the interfaces of containers, and make the ports of switches and clouds."""
        numbers: dict[str, str] = {}
        for name, node in self.imported.nodes.items():
            ports = self._ports.get(name, [])
            if node["node_type"] == "docker":
                adapters = self._adapters(name, ports)
                numbers |= {f"{name}:{each}": f"{name}:{number}/0" for each, number in adapters.items()}
                node["properties"]["adapters"] = 1 + max(adapters.values(), default=0)
                if commands := self._commands.get(name):
                    self.imported.files[name] = {
                        INTERFACES_FILE: _interfaces(min(adapters.values(), default=0), commands)
                    }
            elif node["node_type"] == "cloud":
                kind = "ethernet" if name == "macvlan" else "tap"
                node["properties"]["ports_mapping"] = [
                    {"name": port, "port_number": number, "type": kind, "interface": port}
                    for number, port in enumerate(ports)
                ]
            elif ports:
                node["properties"] = {
                    "ports_mapping": [
                        {"name": port, "port_number": number, "type": "access", "vlan": 1}
                        for number, port in enumerate(ports)
                    ]
                }
        for link in self.imported.links:
            link["ends"] = [numbers.get(end, end) for end in link["ends"]]

    def _adapters(self, name: str, interfaces: list[str]) -> dict[str, int]:
        """The adapter of each interface: ``eth3`` is the adapter 3; others follow after them."""
        found = {each: int(match[1]) for each in interfaces if (match := _ETH.fullmatch(each))}
        following = max([0, *found.values()]) + 1
        for interface in interfaces:
            if interface not in found:
                found[interface] = following
                self.leave_out(f"{name}: the name {interface}", f"the interface is called eth{following} in the node")
                following += 1
        if max(found.values(), default=0) >= _MOST_ADAPTERS:
            raise Invalid(f"topology.nodes.{name}: a container has at most {_MOST_ADAPTERS} interfaces here")
        return found


def _interfaces(adapter: int, commands: list[str]) -> str:
    """The file that configures the interfaces, which are up already. As in containerlab, a command that fails does not
    keep the others from running.
    """
    lines = ["# From a file of containerlab.", f"auto eth{adapter}", f"iface eth{adapter} inet manual"]
    return "\n".join([*lines, *(f"    up {command} || true" for command in commands)]) + "\n"


_TAKEN = frozenset({"image", "cmd", "env", "binds", "extra-hosts", "memory", "cpu", "exec", "labels", "sysctls"})


def _ends(fields: Json, kind: str) -> Iterator[tuple[str, str]]:
    """The two ends of a link: node and interface. Raises Invalid."""
    if kind in ("host", "macvlan"):
        end = _map(fields.get("endpoint"), "endpoint")
        yield _text(end.get("node"), "endpoint.node"), _text(end.get("interface"), "endpoint.interface")
        yield kind, _text(fields.get("host-interface"), "host-interface")
        return
    ends = _list(fields.get("endpoints"), "endpoints")
    if len(ends) != 2:
        raise Invalid(f"endpoints: a link has two ends, got {len(ends)}")
    for number, end in enumerate(ends):
        where = f"endpoints[{number}]"
        if isinstance(end, dict):
            yield _text(end.get("node"), f"{where}.node"), _text(end.get("interface"), f"{where}.interface")
            continue
        node, colon, interface = _text(end, where).rpartition(":")
        if not colon or not node or not interface:
            raise Invalid(f"{where}: {end!r} is not NODE:INTERFACE")
        yield node, interface


def _text(value: Any, where: str) -> str:
    if isinstance(value, list):
        return shlex.join(map(str, value))
    if not isinstance(value, str | int | float) or value == "":
        raise Invalid(f"{where}: is not a text")
    return str(value)
