"""The compiled parts: the core, and the program of user-mode NATs; and the long description for package indexes.
Everything else is in pyproject.toml, which has no place for these.
"""

import os
import re
import runpy
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class BuildAll(build_ext):
    """Builds the program too, into the folder of the core."""

    def build_extension(self, ext: Extension) -> None:
        """Compile many sources at a time: a compiler takes one CPU."""
        compile_in_turn = self.compiler.compile

        def compile_all(sources: list[str], **options: Any) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return [
                    each
                    for made in pool.map(lambda source: compile_in_turn([source], **options), sources)
                    for each in made
                ]

        self.compiler.compile = compile_all
        super().build_extension(ext)
        self.compiler.compile = compile_in_turn

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


def long_description() -> str:
    """The README without links and pictures of the repository, which lead nowhere on a package index."""
    text = re.sub(r"^!\[[^]]*\]\((?!https?:)[^)]*\)\n+", "", Path("README.md").read_text(), flags=re.MULTILINE)
    return re.sub(r"\[([^]]*)\]\((?!https?:)[^)]*\)", r"\1", text)


setup(
    long_description=long_description(),
    long_description_content_type="text/markdown",
    cffi_modules=["build_ffi.py:ffibuilder"],
    cmdclass={"build_ext": BuildAll},
)
