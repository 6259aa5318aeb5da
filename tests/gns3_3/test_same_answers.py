"""This server answers the story as gns3-server 3.0.6 did, but for the differences that are meant."""

import re
from pathlib import Path

from tests.e2e.conftest import StartServer
from tests.gns3_3.appliance import write_appliance
from tests.gns3_3.compare import differences
from tests.gns3_3.differences import intended, rows
from tests.gns3_3.play import Answer, play
from tests.gns3_3.recording import read_recording
from tests.gns3_3.steps import ADMIN, PASSWORDS
from tests.gns3_3.story import story

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "gns3-3.md"
# Of a refusal: of the controller, of a node at the compute API, of an unknown route, and of a wrong compute request.
SHAPES = ({"message"}, {"message", "exception"}, {"detail"})


def test_the_story(start_server: StartServer, tmp_path: Path) -> None:
    write_appliance(tmp_path / "appliances")
    server = start_server("--appliances-path", str(tmp_path / "appliances"))
    answers = play(server.url, story(), (ADMIN, PASSWORDS[ADMIN]))
    recorded, meant = read_recording(), intended()
    wrong = []
    for name, theirs in recorded.items():
        told, expected = differences(theirs, answers[name]), meant.get(name, frozenset())
        wrong += [f"{name}: {line}" for line in sorted(told - expected)]
        wrong += [f"{name}: differs no longer: {line}" for line in sorted(expected - told)]
    assert not wrong, "\n".join(wrong)
    of_version_3 = [answers[step.name] for step in story() if step.path.startswith("/v3")]
    assert [answer for answer in of_version_3 if not is_told_well(answer)] == []


def is_told_well(answer: Answer) -> bool:
    """Whether the request did not make the server fail, and a refusal has one of the shapes of version 3."""
    if answer.status < 400 or answer.media_type != "application/json":
        return answer.status < 500
    return answer.status < 500 and {key.partition("[")[0] for key in answer.keys} in (*SHAPES, set())


def test_the_differences_are_documented() -> None:
    documented = set(re.findall(r"^\| ([^|]+?) \|", TABLE.read_text(), re.MULTILINE))
    assert rows() <= documented
    assert set(intended()) <= set(read_recording())
