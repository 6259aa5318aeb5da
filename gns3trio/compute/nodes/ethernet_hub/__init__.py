"""Ethernet hubs."""

from gns3trio.compute.nodes.ethernet_hub.traits import TRAITS

__all__ = ["TRAITS"]
