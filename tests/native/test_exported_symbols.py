"""What the compiled core shows to other libraries of the process."""

from pathlib import Path

import gns3trio._udpfwd
from tests.elf import exported_symbols


def test_the_core_exports_its_initialiser_only() -> None:
    """Python calls the contract through code inside the module, so no function of it is a dynamic symbol."""
    assert exported_symbols(Path(gns3trio._udpfwd.__file__)) == {"PyInit__udpfwd"}
