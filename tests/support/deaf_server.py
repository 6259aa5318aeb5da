"""A program in the place of a server: it accepts connections and never answers. The argument is its port."""

import socket
import sys

if __name__ == "__main__":
    with socket.create_server(("", int(sys.argv[1]))) as listener:
        held = []
        while True:
            held.append(listener.accept())
