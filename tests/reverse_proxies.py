"""Real reverse proxies, set up as the how-to page shows it."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from tests.docs.documents import ROOT, blocks

HOW_TO = ROOT / "docs" / "how-to" / "behind-a-proxy.md"
PATIENCE = 60
NAME = "lab.example"
TLS = ROOT / "tests" / "http" / "tls"  # self-signed for NAME, made with openssl, valid for a hundred years
CERTIFICATE, KEY = TLS / "lab-cert.pem", TLS / "lab-key.pem"
PREFIX = "/gns3"

_NGINX = """\
daemon off;
master_process off;
user {user} {group};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{config}
}}
"""
_CADDY = "{\nadmin off\nauto_https off\n}\n"


@attrs.frozen
class Proxy:
    """A way through a proxy: ``kind`` is nginx or caddy. ``strips`` the path below which it serves, or passes it on."""

    kind: str
    passes_host: bool = True
    prefix: str = ""
    strips: bool = True
    tls: bool = True


def free_port() -> int:
    """A port for a proxy; this process's network is its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(proxy: Proxy, folder: Path, port: int, server_port: int) -> Iterator[None]:
    """The proxy, in front of a server."""
    program = shutil.which(proxy.kind, path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.fail(f"these tests need {proxy.kind}: apt-get install {proxy.kind}")
    folder.mkdir()
    file = folder / "config"
    if proxy.kind == "nginx":
        file.write_text(_NGINX.format(**_owner(), folder=folder, config=_nginx(proxy, port, server_port)))
        command = [program, "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]
    else:
        file.write_text(_CADDY + _caddy(proxy, port, server_port))
        command = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    with (folder / "log").open("w") as log:
        environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_until_it_listens(process, port, folder)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _owner() -> dict[str, str]:
    """This user. The folders of root's nginx would be nobody's, and could not be removed in a namespace of users."""
    return {"user": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            failed = process.poll() is not None or time.monotonic() > deadline
            assert not failed, (folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        else:
            return


def _shown(kind: str) -> list[str]:
    return [block.text for block in blocks(HOW_TO) if block.words == (kind,)]


def _put(config: str, shown: str, real: str) -> str:
    assert shown in config, f"the how-to page does not show {shown!r}"
    return config.replace(shown, real)


def _nginx(proxy: Proxy, port: int, server_port: int) -> str:
    config, below = _shown("nginx")
    if proxy.prefix:
        at_root = config[config.index("    location / {") :].partition("}\n")[0] + "}\n"
        config = _put(config, at_root, below)
        if not proxy.strips:
            config = _put(config, ":3080/;", ":3080;")
    if not proxy.passes_host:
        config = _put(config, "    proxy_set_header Host            $http_host;\n", "")
    config = _put(config, "listen 443 ssl", f"listen 127.0.0.1:{port}{' ssl' if proxy.tls else ''}")
    config = _put(config, "/etc/ssl/lab.pem", str(CERTIFICATE))
    config = _put(config, "/etc/ssl/lab.key", str(KEY))
    return _put(config, "127.0.0.1:3080", f"127.0.0.1:{server_port}")


def _caddy(proxy: Proxy, port: int, server_port: int) -> str:
    config = _shown("caddyfile")[bool(proxy.prefix)]
    if not proxy.strips:
        config = _put(config, "handle_path", "handle")
    place = f"https://{NAME}:{port} {{\n    bind 127.0.0.1\n    tls {CERTIFICATE} {KEY}\n"
    config = _put(config, f"{NAME} {{\n", place)
    to_server = f"reverse_proxy 127.0.0.1:{server_port}"
    if not proxy.passes_host:
        to_server += " {\nheader_up Host {upstream_hostport}\n}"
    return _put(config, "reverse_proxy 127.0.0.1:3080", to_server)
