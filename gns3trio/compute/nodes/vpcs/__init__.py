"""VPCS nodes: simulated PCs."""

from gns3trio.compute.nodes.vpcs.traits import TRAITS

__all__ = ["TRAITS"]
