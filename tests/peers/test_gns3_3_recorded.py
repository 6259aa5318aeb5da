"""The recording with which the ordinary tests compare this server is what gns3-server 3.0.6 answers."""

from pathlib import Path

from tests.gns3_3.compare import differences
from tests.gns3_3.play import play
from tests.gns3_3.recording import read_recording
from tests.gns3_3.story import story
from tests.peers.gns3_3 import COMPUTE_USER, running_gns3_3


def test_the_recorded_answers_are_those_of_gns3_server(tmp_path: Path, stand_ins: tuple[Path, Path]) -> None:
    with running_gns3_3(tmp_path / "gns3", stand_ins) as url:
        answers = play(url, story(), COMPUTE_USER)
    recorded = read_recording()
    assert list(answers) == list(recorded)
    told = {name: differences(recorded[name], answers[name]) for name in recorded}
    other = {name: lines for name in recorded if (lines := without_interfaces(told[name]))}
    assert other == {}


def without_interfaces(lines: frozenset[str]) -> set[str]:
    """Without the ports of clouds: a new one has a port for each interface of the host, and not every host has some."""
    if not any(line.endswith("ports_mapping[].interface") for line in lines):
        return set(lines)
    return {line for line in lines if "ports[]." not in line and "ports_mapping[]." not in line}
