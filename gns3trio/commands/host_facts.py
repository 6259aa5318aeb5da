"""What the commands tell of hosts: state, load, what runs there, and trunks. Does no I/O."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

TRUNK_HEAD = ("to", "state", "round trip", "lost", "MTU", "largest frame", "links", "sent", "received", "reason")
_UNITS = ("B", "kB", "MB", "GB", "TB")


def address(compute: Json) -> str:
    """How a host is reached."""
    host = f"[{compute['host']}]" if ":" in compute["host"] else compute["host"]
    return f"{compute['protocol']}://{host}:{compute['port']}"


def state(compute: Json) -> str:
    """``connected``, ``away``, or ``to be confirmed`` for a host that only a project's file has named."""
    if compute["connected"]:
        return "connected"
    usage = compute.get("usage")
    return "to be confirmed" if usage is not None and not usage["confirmed"] else "away"


def why_away(compute: Json) -> str:
    """Why a host that cannot be reached is away; names the host."""
    name, reason = compute["name"], str(compute["last_error"])
    return reason if reason.startswith(f"compute '{name}'") else f"compute '{name}': {reason}"


def load(compute: Json) -> str:
    """The load of a host; empty if it is not known."""
    percents = compute["cpu_usage_percent"], compute["memory_usage_percent"]
    return "" if None in percents else f"{percents[0]:.0f} % CPU, {percents[1]:.0f} % memory"


def nodes(usage: Json | None) -> str:
    """How many nodes of open projects are there, and started; empty if the server does not tell."""
    return "" if usage is None else count(usage["nodes"])


def count(nodes: Json) -> str:
    """A number of nodes."""
    return f"{nodes['started']} of {nodes['total']} started" if nodes["total"] else "none"


def version(compute: Json) -> str | None:
    """What a host is, as far as it is known."""
    gns3, usage = compute["capabilities"]["version"], compute.get("usage")
    if usage is not None and is_ours(compute):
        return f"gns3trio {usage['own_version']}" + (f" (as GNS3 {gns3})" if gns3 else "")
    return f"gns3-server {gns3}" if gns3 and usage is not None else gns3


def is_ours(compute: Json) -> bool:
    """Whether it is a server of ours. Only these have trunks."""
    usage = compute.get("usage")
    return usage is not None and usage["own_version"] is not None


def facts(compute: Json, names: Mapping[str, str]) -> dict[str, Any]:
    """All that is known of a host but its trunk; ``names`` are those of the hosts by id."""
    usage = compute.get("usage")
    shown = {
        "name": compute["name"],
        "compute_id": compute["compute_id"],
        "address": address(compute),
        "user": compute["user"],
        "state": state(compute),
        "problem": compute["last_error"],
        "load": load(compute),
        "version": version(compute),
        "node types": ", ".join(compute["capabilities"]["node_types"]),
    }
    if usage is None:
        return shown
    shown["certificate"] = "its own" if usage["has_certificate"] else None
    shown["nodes"] = nodes(usage)
    for each in usage["node_types"]:
        shown[f"  {each['node_type']}"] = count(each)
    for each in usage["links"]:
        shown[f"links to {names.get(each['compute_id'], each['compute_id'])}"] = each["links"]
    return shown


def trunk_line(peer: Json | None) -> str:
    """The way to another host in a few words."""
    if peer is None:
        return ""
    if peer["state"] != "up":
        return str(peer["state"])
    return ", ".join(filter(None, (round_trip(peer), f"{peer['loss_percent']:g} % lost")))


def trunk_row(peer: Json, names: Mapping[str, str]) -> Sequence[object]:
    """A row of the table with TRUNK_HEAD."""
    return (
        names.get(peer["compute_id"] or "", peer["host"]),
        peer["state"],
        round_trip(peer),
        f"{peer['loss_percent']:g} %",
        peer["mtu"],
        peer["largest_frame"],
        peer["links"],
        amount(peer["sent_bytes"]),
        amount(peer["received_bytes"]),
        peer["reason"],
    )


def round_trip(peer: Json) -> str:
    """The smoothed round-trip time; empty if it is not known."""
    return "" if peer["round_trip_ms"] is None else f"{peer['round_trip_ms']:.3g} ms"


def amount(number: float) -> str:
    """Bytes with three digits."""
    for unit in _UNITS:
        if number < 999.5 or unit == _UNITS[-1]:
            break
        number /= 1000
    return f"{number:.3g} {unit}"


def loss(usage: Json) -> str:
    """What is lost when a host is removed."""
    if not usage["projects"]:
        return "no open project has nodes there"
    projects = ", ".join(
        f"{each['name']} ({each['started']} of {each['total']} nodes started)" for each in usage["projects"]
    )
    return f"these projects are closed and all of their nodes stop: {projects}"
