"""The commands that a document shows, as one script, and what it says that they print.

Blocks of a document say in their first line what they are:

- ``sh``: run in one shell, in order
- ``sh server``: run beside it from there on, once the server listens
- ``sh NAME``: run where the program NAME is installed; so is the next ``text``
- ``sh elsewhere``: run by another test; see ELSEWHERE
- ``text``: what the block before it prints, if that is run. A line ``...`` stands for any lines, ``...`` in a line for
  any text; numbers and ids count as equal, and so does white space.
- ``yaml``, ``toml``, ``ini``: shown, not run
- ``nginx``, ``caddyfile``: run by tests/e2e/test_behind_a_proxy.py
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import attrs

ROOT = Path(__file__).parent.parent.parent
LAB = ROOT / "docs" / "how-to" / "README.md"

# A page of commands for hosts and clusters; tests/deploy runs what can be run of it.
DEPLOYMENT = ROOT / "docs" / "how-to" / "deploy.md"

# A page that needs a Docker engine and QEMU.
OSPF = ROOT / "docs" / "ospf.md"

# Commands that are not run here, and what runs them.
ELSEWHERE = {
    "./dev demo": "docs/sample-session.md, which shows its output",
    "./dev test": "this is part of it",
    "gns3trio serve --config attic.toml": "nothing: it runs on another host",
    "gns3trio serve --kernel-offload": "tests/e2e/test_kernel_offload.py",
    "ssh -N -L 5000:127.0.0.1:5000 -L 5001:127.0.0.1:5001 lab.example": "nothing: it needs another machine",
    "telnet 127.0.0.1 5000": "nothing: it needs another machine",
    "gns3trio compute add http://192.0.2.20:3080 --name attic --compute-user lab --password-file password.txt": (
        "tests/e2e/test_compute_command.py"
    ),
    "gns3trio link create lab PC1 PC2": "tests/e2e/test_compute_command.py",
    "gns3trio compute trunks": "tests/e2e/test_compute_command.py",
    "gns3trio compute remove attic": "tests/e2e/test_compute_command.py",
    "gns3trio node create lab qemu R{0} --compute attic": "nothing: it needs QEMU",
    "apt install --no-install-recommends qemu-system-x86 qemu-utils": "./dev, which installs them for the tests",
    "apt install --no-install-recommends docker.io busybox-static": "./dev, which installs them for the tests",
    "apt install --no-install-recommends podman busybox-static": "./dev, which installs them for the tests",
    "systemctl enable --now podman.socket": "nothing: it needs a systemd",
    "gns3trio node create lab docker R1 --property image=debian:12 --property adapters=2": "tests/api/test_docker.py",
    "gns3trio node start lab R1": "tests/e2e/test_docker.py, without the command",
    "gns3trio console lab R1": "tests/compute/test_docker.py, without the command",
    "echo 1 > /proc/sys/net/ipv4/ip_forward": "tests/compute/test_docker.py",
    "apt install docker.io busybox-static qemu-system-x86 qemu-utils": "./dev, which installs them for the tests",
    "gns3trio project export lab lab.gns3project --images": "tests/api/test_portable_images.py, without the command",
    "gns3trio node start lab VM1": "tests/e2e/test_machines.py",
    "gns3trio console lab VM1": "tests/compute/test_qemu.py, without the command",
    "zip config.zip ios_config.txt": "tests/api/test_qemu.py, without the command",
    "curl --data-binary @config.zip http://127.0.0.1:3080/v2/projects/$PROJECT/nodes/$NODE/files/config.zip": (
        "tests/api/test_qemu.py"
    ),
    "gns3trio node create lab vpcs PC{0} --compute attic": "tests/e2e/test_compute_command.py",
    "gns3trio node move lab PC1 attic": "tests/e2e/test_node_moves.py",
    "gns3trio node move lab PC1 local": "tests/e2e/test_node_moves.py",
    "umask 077": "tests/hosts/namespace_wireguard.py",
    "wg genkey > /etc/wireguard/private.key": "tests/hosts/namespace_wireguard.py",
    "wg pubkey < /etc/wireguard/private.key > /etc/wireguard/public.key": "tests/hosts/namespace_wireguard.py",
    "wg-quick up wg-attic": "tests/hosts/namespace_wireguard.py",
    "wg-quick up wg-lab": "tests/hosts/namespace_wireguard.py",
    "gns3trio compute add http://10.99.0.2:3080 --name attic --compute-user lab --password-file password.txt": (
        "tests/hosts/namespace_wireguard.py"
    ),
    "gns3trio doctor": "tests/hosts/namespace_wireguard.py",
    "gns3trio web-ui install": "tests/api/test_web_ui.py, without the download",
    "gns3trio web-ui install --gns3-version 3.0.6": "tests/api/test_web_ui.py, without the download",
}
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "@@ block"
_READY = "ready on"
SERVER_LOG = "server.log"


@attrs.frozen
class Block:
    """A block: the words of its first line, and its text."""

    words: tuple[str, ...]
    text: str


def documents() -> list[Path]:
    """The documents whose commands are run and whose links are checked."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(document: Path) -> list[Block]:
    """Its blocks; those of a how-to page come after those of the lab that it uses."""
    text = document.read_text()
    found = [Block(tuple(words.split()), content) for words, content in _BLOCK.findall(text)]
    return blocks(LAB) + found if document.parent == LAB.parent and document != LAB else found


def script(parts: list[Block]) -> str:
    """What runs the blocks; before each, it prints its mark. The errors of servers go into ``SERVER_LOG``."""
    lines = ["set -eu"]
    for number, block in enumerate(parts):
        if block.words[:1] != ("sh",) or not _is_run(block):
            continue
        lines.append(f"echo; echo {shlex.quote(f'{_MARK} {number}')}")
        if "server" in block.words:
            # Not a job of this shell, as the server of another terminal is none: a ``wait`` does not mean it.
            lines.append(f"exec {{server}}< <({block.text.strip()} 2>> {SERVER_LOG} &)")
            lines.append(f"line=; until [[ $line == *'{_READY}'* ]]; do read -r line <&$server; done")
        else:
            lines.append(block.text)
    return "\n".join(lines) + "\n"


def _is_run(block: Block) -> bool:
    needs = [word for word in block.words[1:] if word != "server"]
    return "elsewhere" not in needs and all(shutil.which(program) for program in needs)


def outputs(printed: str) -> dict[int, str]:
    """What the script printed, for each block."""
    pieces = re.split(rf"^\n?{_MARK} (\d+)\n", printed, flags=re.MULTILINE)
    return {int(number): text for number, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def expectations(parts: list[Block]) -> Iterator[tuple[int, str]]:
    """The numbers of the blocks that ran and are followed by what they print, and that."""
    for number, (block, after) in enumerate(pairwise(parts)):
        if after.words == ("text",) and block.words[:1] == ("sh",) and _is_run(block):
            yield number, after.text


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether a block printed what the document shows."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else r"[^\n]*?".join(map(re.escape, _plain(line).split("..."))) + r"\n"
        for line in shown.strip().splitlines()
    )
    text = "".join(_plain(line) + "\n" for line in printed.strip().splitlines())
    return re.fullmatch(pattern, text) is not None


def _plain(line: str) -> str:
    """A line without what differs from run to run."""
    line = re.sub(r"[0-9a-f]{8}((-[0-9a-f]{4}){3}-[0-9a-f]{12}|-\d+)", "ID", line)
    line = line.removeprefix("84 bytes from ")  # VPCS 0.8 says so, 0.5 does not
    line = re.sub(r"(>=)?\d+(\.\d+)*", "0", line.replace("...", "\0")).replace("\0", "...")
    return " ".join(line.split())
