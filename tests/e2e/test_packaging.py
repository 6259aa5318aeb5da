"""The wheel: built from the sources, with the compiled core in it, working without them."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# What a build reads; the checkout itself stays clean.
SOURCES = (
    "gns3trio",
    "native",
    "build_ffi.py",
    "setup.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "docs/gns3trio.1",
)


def run(*command: str, cwd: Path, **environment: str) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=environment or None)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_wheel_works_away_from_the_sources(tmp_path: Path) -> None:
    sources, installed = tmp_path / "sources", tmp_path / "installed"
    sources.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            (sources / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, sources / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(tmp_path), ".", cwd=sources)
    (wheel,) = tmp_path.glob("*.whl")
    assert "-cp311-abi3-" in wheel.name
    run(*pip, "install", "--no-deps", "--target", str(installed), str(wheel), cwd=tmp_path)
    script = "import gns3trio._udpfwd as core; print(core.__file__)"
    where = run(sys.executable, "-c", script, cwd=tmp_path, PYTHONPATH=str(installed), PATH="/usr/bin:/bin")
    assert Path(where.strip()).parent == installed / "gns3trio"
    assert (installed / "bin" / "gns3trio").exists()
    assert (installed / "share" / "man" / "man1" / "gns3trio.1").exists()
    (described,) = installed.glob("gns3trio-*.dist-info/METADATA")
    assert "# gns3trio" in described.read_text() and "](docs/" not in described.read_text()
    # The program of NATs, which needs no Python: libslirp is there, or it says what is missing.
    told = subprocess.run([installed / "gns3trio" / "nat-gateway", "libslirp.so.0"], capture_output=True, text=True)
    assert told.stdout.startswith(("libslirp 4.", "failed libslirp.so.0: ")), told
    assert _files(installed / "gns3trio" / "web") == _files(ROOT / "gns3trio" / "web")
    version = run(
        sys.executable, "-m", "gns3trio", "--version", cwd=tmp_path, PYTHONPATH=str(installed), PATH="/usr/bin:/bin"
    )
    assert version.startswith("gns3trio ")


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
