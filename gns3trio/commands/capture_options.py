"""The options that say what is captured, for ``gns3trio capture`` and ``gns3trio captures start``."""

import argparse
from pathlib import Path

from gns3trio.commands.link_direction import DIRECTION_HELP, to_direction
from gns3trio.commands.numbers import to_count


def add_capture_options(parser: argparse.ArgumentParser, file: str) -> None:
    """Add them to a parser; ``file`` is what its help calls the file's name."""
    parser.add_argument(
        "--filter",
        default="",
        metavar="EXPRESSION",
        help="capture only matching frames: a protocol such as dhcp, or pcap-filter(7)",
    )
    parser.add_argument("--direction", type=to_direction, default="both", help=f"{DIRECTION_HELP} (default: both)")
    parser.add_argument(
        "--format", choices=("pcap", "pcapng"), help=f"default: pcap if {file} ends in .pcap, otherwise pcapng"
    )
    parser.add_argument("--snaplen", type=to_count, metavar="BYTES", help="keep only this many bytes of each frame")


def format_for(arguments: argparse.Namespace, file: str | None) -> str:
    """The format that was chosen, otherwise that of the file's name."""
    chosen: str | None = arguments.format
    return chosen or ("pcap" if Path(file or "").suffix == ".pcap" else "pcapng")
