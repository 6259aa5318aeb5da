"""gns3trio: a GNS3-compatible network-lab server with a native UDP forwarding core."""

__version__ = "0.1.0"
