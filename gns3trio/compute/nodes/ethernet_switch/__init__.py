"""Ethernet switches."""

from gns3trio.compute.nodes.ethernet_switch.traits import TRAITS

__all__ = ["TRAITS"]
