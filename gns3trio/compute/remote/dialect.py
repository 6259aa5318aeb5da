"""How the compute APIs of GNS3 2.2 and 3.0 differ for a controller. A compute has one of them, a server of ours both.

Measured with gns3-server 2.2.61 and 3.0.6.
"""

import re
from collections.abc import Mapping, Sequence

from gns3trio.classes import frozen


@frozen
class Dialect:
    """The habits of one version: the prefix of its paths, the versions of GNS3 that have it, the names of requests, and
    how much longer than a second a compute may be quiet: it sends a ping when it has nothing else to say.
    """

    prefix: str
    versions: re.Pattern[str]
    quiet_seconds: float
    start_capture: str
    stop_capture: str
    capture_stream: str
    # Filters that let every frame pass, for a tunnel that had others. GNS3 3.0 takes no filters for no change, and so
    # its own controller cannot end them.
    no_filters: Mapping[str, Sequence[int]]


GNS3_2 = Dialect(
    prefix="/v2/compute",
    versions=re.compile(r"2\.2(\.|$)"),
    quiet_seconds=0.0,
    start_capture="start_capture",
    stop_capture="stop_capture",
    capture_stream="pcap",
    no_filters={},
)
GNS3_3 = Dialect(
    prefix="/v3/compute",
    versions=re.compile(r"3\.0(\.|$)"),
    quiet_seconds=4.0,
    start_capture="capture/start",
    stop_capture="capture/stop",
    capture_stream="capture/stream",
    no_filters={"frequency_drop": [0]},
)
# In the order in which a compute is asked: a server of ours has its extensions in the first.
DIALECTS = (GNS3_2, GNS3_3)
