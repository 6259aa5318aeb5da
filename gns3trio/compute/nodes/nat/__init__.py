"""NAT nodes."""

from gns3trio.compute.nodes.nat.traits import TRAITS

__all__ = ["TRAITS"]
