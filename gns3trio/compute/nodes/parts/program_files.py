"""Finds the files that are needed to execute a program: itself, its loader, its libraries."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import trio

from gns3trio import threads
from gns3trio.compute.nodes.parts.sandbox import DEFAULT_LIMITS, Access, Sandbox
from gns3trio.compute.nodes.parts.spawn import output_of

# Folders of loaders, and of files that a C library may load later. They belong to the system and contain no secrets.
_LIBRARY_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
_LOADER_FILES = ("/etc/ld.so.cache", "/etc/ld.so.preload")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_LOADER_SECONDS = 5.0
# elf(5): the header up to e_shentsize, and a program header, of 64 bits.
_ELF_HEADER = struct.Struct("<16s2HI3QI3H")
_PROGRAM_HEADER = struct.Struct("<2I6Q")
_ELF_64_LITTLE = b"\x7fELF\x02\x01"
_PT_INTERP = 3
_MAX_PATH = 4096


async def files_of(program: str, *, ask_loader: bool = True) -> Mapping[str, Access]:
    """The files to which ``program`` needs access; it may be a script with an interpreter.

    With ``ask_loader``, the program's own loader lists its libraries, so that libraries in unusual folders are found
    too. Otherwise the loader is not run, and only libraries in the system's folders are found.
    """
    paths = {path: Access.READ for path in (*_LIBRARY_FOLDERS, *_LOADER_FILES, *_DEVICES)}
    for executed in await threads.disk.run(lambda: [program, *_interpreters(program)]):
        paths[executed] = Access.READ | Access.EXECUTE
    paths["/dev/null"] = Access.READ | Access.WRITE
    libraries = await _libraries(program) if ask_loader else []
    return MappingProxyType(paths | {library: Access.READ for library in libraries if library not in paths})


def _interpreters(program: str) -> Iterator[str]:
    """The programs that the kernel starts to execute ``program``: a script's interpreter, a program's loader."""
    with suppress(OSError, ValueError, struct.error), open(program, "rb") as file:
        start = file.read(_MAX_PATH)
        if start.startswith(b"#!"):
            words = start[2:].partition(b"\n")[0].split()
            if words:
                interpreter = words[0].decode(errors="surrogateescape")
                yield interpreter
                if not _is_script(interpreter):
                    yield from _interpreters(interpreter)
        elif start.startswith(_ELF_64_LITTLE):
            header = _ELF_HEADER.unpack_from(start)
            offset, size, count = header[5], header[9], header[10]
            for number in range(count):
                file.seek(offset + number * size)
                kind, _, at, _, _, length, _, _ = _PROGRAM_HEADER.unpack(file.read(_PROGRAM_HEADER.size))
                if kind == _PT_INTERP:
                    file.seek(at)
                    yield file.read(min(length, _MAX_PATH)).rstrip(b"\0").decode(errors="surrogateescape")


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


async def _libraries(program: str) -> list[str]:
    interpreters = await threads.disk.run(lambda: list(_interpreters(program)))
    if not interpreters:
        return []  # it needs none
    loader = interpreters[-1]
    described = interpreters[-2] if len(interpreters) > 1 else program
    # The loader may read all files, but executes none of them.
    sandbox = Sandbox(paths={"/": Access.READ | Access.EXECUTE}, limits=DEFAULT_LIMITS)
    output = b""
    with suppress(OSError), trio.move_on_after(_LOADER_SECONDS):
        output = await output_of([loader, "--list", described], cwd=Path("/"), sandbox=sandbox)
    return [path.decode(errors="surrogateescape") for line in output.splitlines() if (path := _listed_library(line))]


def _listed_library(line: bytes) -> bytes | None:
    """Parse the path in ``NAME => /PATH (0xADDRESS)`` or ``/PATH (0xADDRESS)``."""
    name, arrow, path = line.strip().partition(b" => ")
    path, _, address = (path if arrow else name).rpartition(b" (")
    return path if path.startswith(b"/") and address.startswith(b"0x") else None
