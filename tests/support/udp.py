"""UDP ports of this host."""

from gns3trio.compute.local.leases import bind_udp

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    with bind_udp(LOOPBACK, 0) as sock:
        return int(sock.getsockname()[1])
