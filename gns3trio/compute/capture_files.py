"""The file of a capture, as its specification asks for it."""

from gns3trio.compute.captures import CaptureSpec
from gns3trio.forwarder.captures import CaptureFile
from gns3trio.traffic.captures import link_type


def capture_file(spec: CaptureSpec) -> CaptureFile:
    """Where and how the records of a capture are written. Raises Invalid for an unknown data link type."""
    return CaptureFile(
        path=spec.path,
        ring=spec.ring,
        pcapng=spec.pcapng,
        snaplen=spec.snaplen,
        link_type_number=link_type(spec.data_link_type),
        interfaces=spec.interfaces,
        expression=spec.expression,
        comment=spec.comment,
    )
