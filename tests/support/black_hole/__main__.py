"""``python -m tests.support.black_hole serve ...``: gns3trio, with one more type of node."""

import sys

from gns3trio.cli import main
from gns3trio.compute.node_types import node_types
from tests.support import black_hole

with node_types.with_package(black_hole):
    sys.exit(main())
