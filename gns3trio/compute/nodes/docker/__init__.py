"""Docker nodes: containers, whose interfaces are TAP devices of the core in the container's network namespace."""

from gns3trio.compute.nodes.docker.traits import TRAITS

__all__ = ["TRAITS"]
