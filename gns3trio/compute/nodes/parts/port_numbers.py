"""The numbers of the ports of hubs, switches and clouds. Sans-IO."""

from typing import Any

from gns3trio.errors import Invalid

DEFAULT_PORTS = 8
# The most ports of a node.
MAX_PORTS = 1024


def check_port_numbers(ports: list[Any]) -> None:
    """Raises Invalid if two ports have the same ``port_number``, or there are too many."""
    if len(ports) > MAX_PORTS:
        raise Invalid(f"properties.ports_mapping: more than {MAX_PORTS} ports")
    seen: set[int] = set()
    for index, port in enumerate(ports):
        if port.port_number in seen:
            raise Invalid(
                f"properties.ports_mapping[{index}].port_number: {port.port_number} is the number of another port"
            )
        seen.add(port.port_number)
