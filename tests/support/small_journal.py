"""``python -m tests.support.small_journal serve ...``: gns3trio with a journal of events that is soon full.

A journal keeps some 30 MiB of the newest events. A test of what else the server keeps need not fill that first.
"""

import sys

from gns3trio.cli import main
from gns3trio.notifications.journal import Journal

Journal.__init__.__defaults__ = (500, 1024 * 1024)

if __name__ == "__main__":
    sys.exit(main())
