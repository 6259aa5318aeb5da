"""What gns3-server takes for Dynamips, which nothing here needs but its switches and hubs: it says yes to everything.

Its requests are lines, and so are its replies, as README.hypervisor of Dynamips describes them.
"""

import socketserver
import sys


class _Yes(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            answer = b"100-0.2.23" if line.startswith(b"hypervisor version") else b"100-OK"
            self.wfile.write(answer + b"\r\n")
            if line.startswith(b"hypervisor stop"):
                self.server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    """Listen where ``-H [HOST:]PORT`` says; without it, tell the version as Dynamips does."""
    if "-H" not in sys.argv:
        print("Cisco Router Simulation Platform (version 0.2.23-amd64/Linux stable)")
        return
    host, _, port = sys.argv[sys.argv.index("-H") + 1].rpartition(":")
    with _Server((host or "127.0.0.1", int(port)), _Yes) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
