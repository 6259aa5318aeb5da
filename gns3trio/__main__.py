"""``python -m gns3trio`` and the ``gns3trio`` command."""

import sys

from gns3trio.cli import main

if __name__ == "__main__":
    sys.exit(main())
