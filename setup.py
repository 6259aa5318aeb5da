"""The compiled parts: the core, and the program of user-mode NATs. Everything else is in pyproject.toml, which has no
place for cffi_modules.
"""

import os
import runpy
import shlex
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext


class BuildAll(build_ext):
    """Builds the program too, into the folder of the core."""

    def run(self) -> None:
        """Build the extension, then the program."""
        super().run()
        build = runpy.run_path("build_ffi.py")
        sources = [os.path.join("native", source) for source in build["NAT_SOURCES"]]
        objects = self.compiler.compile(sources, output_dir=self.build_temp, extra_postargs=build["NAT_FLAGS"])
        folder = Path(self.get_ext_fullpath("gns3trio._udpfwd")).parent
        flags = [*build["NAT_LINK_FLAGS"], *shlex.split(os.environ.get("LDFLAGS", ""))]
        self.compiler.link_executable(
            objects, build["NAT_PROGRAM"], str(folder), libraries=["dl"], extra_postargs=flags
        )


setup(cffi_modules=["build_ffi.py:ffibuilder"], cmdclass={"build_ext": BuildAll})
