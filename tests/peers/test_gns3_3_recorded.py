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
    other = {name: lines for name in recorded if (lines := differences(recorded[name], answers[name]))}
    assert other == {}
