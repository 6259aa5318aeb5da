"""``gns3trio serve`` that notices sooner that a compute is away, so that tests wait less; or after so many seconds."""

import sys

from gns3trio import cli
from gns3trio.compute.remote import connection

SILENCE_SECONDS = 4.0  # a compute of ours says something every second

if __name__ == "__main__":
    connection.SILENCE_SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else SILENCE_SECONDS
    connection.LONGEST_PAUSE_SECONDS = 1.0
    sys.exit(cli.main(["serve"]))
