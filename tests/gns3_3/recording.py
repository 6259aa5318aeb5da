"""The file of the answers that gns3-server 3.0.6 gave to the story: statuses, media types, and the names of keys.

``./dev peers -k recorded`` plays the story to gns3-server again, and fails where it answers otherwise than the file
says. ``python -m tests.gns3_3.recording URL USER PASSWORD`` plays it to a new server at an address, and writes the
file; user and password are those of its compute API.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.gns3_3.play import Answer, play
from tests.gns3_3.story import story

FILE = Path(__file__).with_name("recording.json")
VERSION = "3.0.6"


def read_recording() -> dict[str, Answer]:
    """The answers by the names of the steps."""
    document = json.loads(FILE.read_text())
    return {
        name: Answer.read({**shown, "keys": document["keys"][shown["keys"]] if "keys" in shown else ()})
        for name, shown in document["answers"].items()
    }


def write_recording(answers: Mapping[str, Answer]) -> None:
    """Write the file. Sets of keys stand in it once; an answer has the number of its set."""
    sets: dict[str, str] = {}
    lines: list[str] = []
    for name, answer in answers.items():
        shown: dict[str, Any] = answer.shown()
        if "keys" in shown:
            shown["keys"] = sets.setdefault(json.dumps(shown["keys"]), str(len(sets)))
        lines.append(f"  {json.dumps(name)}: {json.dumps(shown)}")
    keys = [f"  {json.dumps(number)}: {text}" for text, number in sets.items()]
    FILE.write_text(
        f'{{\n "gns3-server": "{VERSION}",\n "keys": {{\n'
        + ",\n".join(keys)
        + '\n },\n "answers": {\n'
        + ",\n".join(lines)
        + "\n }\n}\n"
    )


if __name__ == "__main__":
    write_recording(play(sys.argv[1], story(), (sys.argv[2], sys.argv[3])))
