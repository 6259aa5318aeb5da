"""``python -m tests.without_landlock COMMAND ...`` runs a command as on a kernel that has no Landlock.

A filter answers Landlock's three system calls with ENOSYS, as such a kernel does. What the command starts has it too.
"""

import ctypes
import os
import struct
import sys

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_FIRST, _LAST = 444, 446  # landlock_create_ruleset, landlock_add_rule, landlock_restrict_self
_ENOSYS = 38
# seccomp(2), as (code, jump if true, jump if false, value).
_PROGRAM = (
    (0x20, 0, 0, 0),  # load the number of the system call
    (0x35, 0, 2, _FIRST),
    (0x25, 1, 0, _LAST),
    (0x06, 0, 0, 0x00050000 | _ENOSYS),
    (0x06, 0, 0, 0x7FFF0000),  # allow
)


def forget_landlock() -> None:
    """Answer Landlock's system calls with ENOSYS from now on, in this process and those that it starts."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in _PROGRAM))
    program = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter can be set")


if __name__ == "__main__":
    forget_landlock()
    os.execvp(sys.argv[1], sys.argv[1:])
