"""Clouds: ports of a lab that reach networks of this host."""

from gns3trio.compute.nodes.cloud.traits import TRAITS

__all__ = ["TRAITS"]
