"""Builds ``gns3trio._udpfwd`` from the C sources in ``native`` (cffi API mode, stable ABI of Python 3.11).

The headers are the one source of truth: the part of each between its two markers is what cffi reads.
"""

import os
import re
from pathlib import Path

from cffi import FFI

# The contracts with Python; all other headers are the core's own.
HEADERS = ("udpfwd.h", "pc.h", "traffic.h", "trial.h", "trunk.h", "sandbox.h", "spawn.h")
# How programs are started; the rest is the forwarder.
CHILD_SOURCES = ("sandbox.c", "syscall_filter.c", "spawn.c")
ROOT = Path(__file__).parent
# What the folder has, but for its programs of their own: tests and targets of a fuzzer.
_LIBRARY_SOURCES = sorted(
    source.name
    for source in (ROOT / "native").glob("*.c")
    if not source.stem.endswith("_test") and not source.stem.startswith("fuzz_")
)
# The program of user-mode NATs, which ``setup.py`` builds. libslirp calls some of its functions instead of those of the
# C library, so it exports its names.
NAT_PROGRAM = "nat-gateway"
NAT_SOURCES = [source for source in _LIBRARY_SOURCES if source.startswith("nat_")]
NAT_FLAGS = ["-O2", "-g", "-std=gnu11", "-Wall", "-Wextra", "-fPIE"]
NAT_LINK_FLAGS = ["-pie", "-rdynamic", "-Wl,-z,now"]
SOURCES = [source for source in _LIBRARY_SOURCES if source not in NAT_SOURCES]


def declarations(header: str) -> str:
    """The part of a header that is meant for cffi."""
    text = (ROOT / "native" / header).read_text()
    match = re.search(r"/\* >>> .*?\*/(.*?)/\* <<< \*/", text, re.DOTALL)
    if match is None:
        raise SystemExit(f"native/{header}: the markers for cffi are missing")
    return match.group(1)


ffibuilder = FFI()
ffibuilder.cdef("\n".join(map(declarations, HEADERS)))
ffibuilder.set_source(
    "gns3trio._udpfwd",
    "\n".join(f'#include "{header}"' for header in HEADERS),
    # setuptools wants paths below the folder it runs in.
    sources=[os.path.join("native", source) for source in SOURCES],
    include_dirs=["native"],
    depends=[os.path.join("native", header.name) for header in sorted((ROOT / "native").glob("*.h"))],
    # Python finds the module's initialiser and nothing else: the functions of the headers are called from the code that
    # cffi writes, inside the module. So calls between our files are direct, and no name meets another library's.
    extra_compile_args=["-O2", "-g", "-std=gnu11", "-Wall", "-Wextra", "-fvisibility=hidden"],
    libraries=["pcap"],
    extra_link_args=["-pthread"],
    py_limited_api=True,
)

if __name__ == "__main__":
    os.chdir(ROOT)
    ffibuilder.compile(verbose=True)
