"""The standard library's ``zipfile`` and ``zstd``. They know Zstandard (method 93), with which GNS3 3.0 packs projects,
from Python 3.14 on; before, their backport stands in.
"""

import sys

if sys.version_info >= (3, 14):
    import zipfile

    from compression import zstd
else:
    from backports import zstd
    from backports.zstd import zipfile

__all__ = ["zipfile", "zstd"]
