"""A libFuzzer target: the reader that judges captures, tests/pcap_reader.py, reads what is right and refuses the rest.

``python -m tests.fuzz.pcap_reader CORPUS [CAPTURES] [OPTIONS OF LIBFUZZER]``
"""

import sys

import atheris

with atheris.instrument_imports(include=["tests.pcap_reader"]):
    from tests.pcap_reader import read_capture


def read(data: bytes) -> None:
    """Raises what is neither a content nor a refusal."""
    try:
        content = read_capture(data)
    except ValueError:
        return
    assert 0 <= content.torn <= len(data) - sum(len(packet.data) for packet in content.packets)
    assert all(packet.data in data and len(packet.data) <= packet.original_length for packet in content.packets)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
