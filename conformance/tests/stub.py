"""A server that has nothing to do with signoff: it answers 200 and `{}` to everything.

A run starts it a thousand times, so it brings nothing along that takes time to import.
"""

import socket
import sys
import threading

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def serve(connection: socket.socket) -> None:
    """Answer every request of a connection, until the other side closes it."""
    with connection, connection.makefile("rb") as sent:
        while sent.readline().strip():
            length = 0
            while line := sent.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            sent.read(length)
            connection.sendall(ANSWER)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listening:
    print("listens", flush=True)
    while True:
        threading.Thread(target=serve, args=[listening.accept()[0]], daemon=True).start()
