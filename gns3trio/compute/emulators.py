"""What GNS3 2.2 runs and this server does not, and how it says so."""

from gns3trio.errors import Conflict

# The program that a type of node needs.
EMULATOR_OF_TYPE = {
    "atm_switch": "Dynamips",
    "docker": "Docker",
    "dynamips": "Dynamips",
    "frame_relay_switch": "Dynamips",
    "iou": "IOU",
    "qemu": "QEMU",
    "traceng": "TraceNG",
    "virtualbox": "VirtualBox",
    "vmware": "VMware",
}
# Those that have images on a GNS3 compute.
WITH_IMAGES = ("docker", "dynamips", "iou", "qemu")


def why_not_run(node_type: str) -> str:
    """Why there is nothing that runs nodes of a type."""
    emulator = EMULATOR_OF_TYPE.get(node_type)
    need = f", which need {emulator}" if emulator is not None else ""
    return f"this server does not run nodes of type {node_type}{need}"


def not_run(node_type: str) -> Conflict:
    """For what only an emulator could do. Raises KeyError for what is none."""
    return Conflict(f"This server does not run {EMULATOR_OF_TYPE[node_type]}")
