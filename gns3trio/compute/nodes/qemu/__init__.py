"""QEMU nodes: virtual machines that run real operating systems."""

from gns3trio.compute.nodes.qemu.traits import TRAITS

__all__ = ["TRAITS"]
