"""The sanitizers of ``native/check.sh`` are loaded into Python, and into none of the other programs that it starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "support" / "sanitized"

# Says whether it has loaded a library; and the same of its children, or what they said, if it is given an argument.
SAY = """
import json, os, subprocess, sys
def has_library(maps):
    return os.environ["SANITIZER_LIBRARIES"] in maps
def run(*command):
    return subprocess.check_output(command, text=True)
said = {"itself": has_library(open("/proc/self/maps").read())}
for word in sys.argv[1:]:
    said[word] = json.loads(run(sys.executable, "-c", sys.orig_argv[2]))
    said["cat"] = has_library(run("cat", "/proc/self/maps"))
    said["sh"] = has_library(run("sh", "-c", "cat /proc/self/maps; true"))
    said["environment"] = "LD_PRELOAD" in run("env")
print(json.dumps(said))
"""


def test_python_is_sanitized_and_what_it_starts_is_not(tmp_path: Path) -> None:
    library = tmp_path / "sanitizer.so"
    compiling = ["cc", "-shared", "-o", str(library), "-x", "c", "-"]
    subprocess.run(compiling, input="int stands_for_a_sanitizer;", text=True, check=True)
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), "SANITIZER_LIBRARIES": str(library)}
    said = subprocess.check_output([sys.executable, "-c", SAY, "two words"], env=environment)
    assert json.loads(said) == {
        "itself": True,
        "two words": {"itself": True},
        "cat": False,
        "sh": False,
        "environment": False,
    }
