"""The programs of others in ``gns3trio/web/vendor``: their packages and versions.

``python -m tests.web.vendored`` gets the packages with npm, and writes the folder anew, and the checksums of its files
in the format of ``sha256sum``. ``test_vendored.py`` compares the folder with them.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import gns3trio
from gns3trio.classes import frozen

FOLDER = Path(gns3trio.__file__).parent / "web" / "vendor"
CHECKSUMS = Path(__file__).parent / "vendored.sha256"
README = "README.md"  # ours
# The line that names a file that is not there, and that browsers would ask for.
_SOURCE_MAP = re.compile(rb"(?m)^(//|/\*)# sourceMappingURL=.*\n?\Z")


@frozen
class Package:
    """A package of npm, the SHA-512 of its archive as npm tells it, and the files that are taken: here, and there. A
    folder is taken whole.
    """

    name: str
    version: str
    sha512: str
    files: Mapping[str, str]


PACKAGES = (
    Package(
        "@novnc/novnc",
        "1.7.0",
        "ucEJOx4T2avIRCleodk7YobZj5O2Ga2AeLfQ69A/yjG9HHba2+PDgwSkN3FttrmG+70ZGx21sElNFouK13RzyA==",
        {
            "novnc/core": "core",
            "novnc/vendor/pako/lib": "vendor/pako/lib",
            "novnc/vendor/pako/LICENSE": "vendor/pako/LICENSE",
            "novnc/LICENSE.txt": "LICENSE.txt",
            "novnc/AUTHORS": "AUTHORS",
            "novnc/docs/LICENSE.MPL-2.0": "docs/LICENSE.MPL-2.0",
            "novnc/docs/LICENSE.BSD-2-Clause": "docs/LICENSE.BSD-2-Clause",
            "novnc/docs/LICENSE.BSD-3-Clause": "docs/LICENSE.BSD-3-Clause",
        },
    ),
    Package(
        "@xterm/addon-fit",
        "0.11.0",
        "jYcgT6xtVYhnhgxh3QgYDnnNMYTcf8ElbxxFzX0IZo+vabQqSPAjC3c1wJrKB5E19VwQei89QCiZZP86DCPF7g==",
        {"addon-fit.mjs": "lib/addon-fit.mjs", "addon-fit.LICENSE": "LICENSE"},
    ),
    Package(
        "@xterm/xterm",
        "6.0.0",
        "TQwDdQGtwwDt+2cgKDLn0IRaSxYu1tSUjgKarSDkUM0ZNiSRXFpjxEsvc/Zgc5kq5omJ+V0a8/kIM2WD3sMOYg==",
        {"xterm.mjs": "lib/xterm.mjs", "xterm.css": "css/xterm.css", "xterm.LICENSE": "LICENSE"},
    ),
    Package(
        "swagger-ui-dist",
        "5.35.0",
        "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        {
            "swagger-ui-bundle.js": "swagger-ui-bundle.js",
            "swagger-ui.css": "swagger-ui.css",
            "swagger-ui.LICENSE": "LICENSE",
            "swagger-ui.NOTICE": "NOTICE",
        },
    ),
)


def checksums() -> str:
    """The SHA-256 of each vendored file, one on a line with its name."""
    files = (path for path in FOLDER.rglob("*") if path.is_file() and path != FOLDER / README)
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(FOLDER)}\n" for path in files)
    return "".join(sorted(lines, key=lambda line: line.split()[1]))


def fetch(package: Package) -> Iterator[tuple[str, bytes]]:
    """The files that are taken from a package, with their names here. Raises ValueError for another archive."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        name = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
        archive = Path(folder, name)
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != package.sha512:
            raise ValueError(f"{package.name}: npm gives another archive than that of {package.version}")
        with tarfile.open(archive) as files:
            for member in files.getmembers():
                file = files.extractfile(member)
                for here, there in package.files.items():
                    inside = member.name.removeprefix("package/")
                    if file is not None and (inside == there or inside.startswith(f"{there}/")):
                        yield here + inside.removeprefix(there), _SOURCE_MAP.sub(b"", file.read())


def main() -> None:
    """Write the folder and the checksums."""
    contents = [entry for package in PACKAGES for entry in fetch(package)]
    for path in FOLDER.iterdir():
        if path.name != README:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in contents:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    CHECKSUMS.write_text(checksums())


if __name__ == "__main__":
    main()
