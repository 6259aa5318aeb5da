"""Loads sanitizers into each Python, and into no other program. ``native/check.sh`` puts this folder into PYTHONPATH.

The libraries of the sanitizers must be loaded before all others, so LD_PRELOAD names them (ld.so(8)). But a program
inherits that from the one that starts it, and some do not bear it: dnsmasq of Debian 12 waits for a lock for ever. So
LD_PRELOAD is set for one start of Python, and taken out of the environment as soon as that runs.
"""

import os
import sys

_LIBRARIES = os.environ["SANITIZER_LIBRARIES"]

if os.environ.get("LD_PRELOAD") == _LIBRARIES:
    del os.environ["LD_PRELOAD"]
else:
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "LD_PRELOAD": _LIBRARIES})
