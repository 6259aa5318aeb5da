"""Nothing is left of what tests started, in whatever way they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A daemon that ignores signals writes its process id into a file. Its parent goes on for ever, or ends by itself.
STARTS_A_DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        while True:
            time.sleep(60)
    os._exit(0)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
if sys.argv[2] == "ends":
    sys.exit(7)
print("goes on", flush=True)
time.sleep(600)
"""


def wait_gone(pid: int) -> None:
    until = time.monotonic() + 60
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < until, f"{pid} is left"
        time.sleep(0.01)


@pytest.mark.parametrize("how", ["ends", "input ends", "reaper is terminated"])
def test_a_daemon_is_killed(tmp_path: Path, how: str) -> None:
    file = tmp_path / "pid"
    command = [sys.executable, "-m", "tests.support.reaper", sys.executable, "-c", STARTS_A_DAEMON, str(file), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        if how == "ends":
            assert process.wait(60) == 7
        else:
            assert process.stdout.readline() == "goes on\n"
            if how == "input ends":
                process.stdin.close()
            else:
                process.send_signal(signal.SIGTERM)
        wait_gone(int(file.read_text()))
