"""What ``gns3trio doctor`` finds."""

from typing import Literal

from gns3trio.classes import frozen

Verdict = Literal["good", "optional", "missing"]


@frozen
class Finding:
    """The result of one check. ``missing``: no lab can run. ``optional``: one feature cannot be used."""

    what: str
    verdict: Verdict
    tells: str
    advice: str = ""
