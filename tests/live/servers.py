"""Servers and clients for tests of ways in and out: in services, in namespaces, on the host."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hosts import sh

PYTHON = sys.executable

# HTTP: answers with the client's address, or with so many octets as the path says: BLOCK again and again.
TELLER = """
import http.server, random, socket, sys
block = random.Random(1).randbytes(1 << 20)
class Teller(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        size = int(self.path[1:] or 0)
        body = b"" if size else self.client_address[0].removeprefix("::ffff:").encode()
        self.send_response(200); self.send_header("Content-Length", str(size or len(body))); self.end_headers()
        self.wfile.write(body)
        while size:
            size -= self.wfile.write(block[:size])
    def do_PUT(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self.send_response(204); self.end_headers()
    def log_message(self, *words): pass
class Server(http.server.ThreadingHTTPServer):
    address_family, request_queue_size, daemon_threads = socket.AF_INET6, 512, True
Server(("::", int(sys.argv[1])), Teller).serve_forever()
"""

BLOCK = random.Random(1).randbytes(1 << 20)

# UDP: answers each datagram with who sent it, and the datagram.
ECHOER = """
import socket, sys
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); server.bind(("::", int(sys.argv[1])))
while True:
    data, peer = server.recvfrom(65535)
    server.sendto(peer[0].removeprefix("::ffff:").encode() + b" " + data, peer)
"""

# A datagram to an address and a port, and what comes back; three times, with so many seconds to wait.
ASK = """
import socket, sys
host, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(float((*sys.argv, 3)[4]))
client.connect((host, port))
for _ in range(3):
    client.send(text)
    try: print(client.recv(65535).decode()); break
    except OSError: pass
"""

# So many connections at once: all open, then each asks and reads; how many had an answer.
MANY = """
import asyncio, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
async def one(barrier):
    reader, writer = await asyncio.open_connection(host, port)
    barrier.append(1)
    while len(barrier) < count: await asyncio.sleep(0.01)
    writer.write(b"GET /10000 HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
    answer = await reader.read()
    writer.close()
    return len(answer) > 10000
async def all():
    barrier = []
    return sum(await asyncio.wait_for(asyncio.gather(*(one(barrier) for _ in range(count))), 30))
print(asyncio.run(all()))
"""


@contextmanager
def serving(namespace: str, *ports: int, program: str = TELLER) -> Iterator[None]:
    """Servers in a namespace ("": the host) until the end; each listens when this returns."""
    enter = ["ip", "netns", "exec", namespace] if namespace else []
    servers = [subprocess.Popen([*enter, PYTHON, "-c", program, str(port)]) for port in ports]
    try:
        for port in ports:
            while f":{port} " not in sh(f"{' '.join(enter)} ss -{'u' if program is ECHOER else 't'}ln"):
                time.sleep(0.02)
        yield
    finally:
        for server in servers:
            server.kill()
            server.wait()


def patient_curl(url: str, namespace: str = "", *, seconds: float = 60) -> str:
    """As ``curl``, again until the server, which has just been started, answers."""
    deadline = time.monotonic() + seconds
    while not (said := curl(url, namespace, seconds=5)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return said


def curl(url: str, namespace: str = "", *, seconds: float = 15) -> str:
    """What curl prints; "" when it gets nowhere."""
    enter = f"ip netns exec {namespace} " if namespace else ""
    return sh(f"{enter}curl -s -m {seconds} '{url}'", check=False)
