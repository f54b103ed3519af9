"""A web server that says who asked, and who asks it: curl where it is installed, else a few lines of Python."""

from __future__ import annotations

import shutil
import sys

SERVE = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = f"{sys.argv[2]} here; you come from {self.client_address[0]} port {self.client_address[1]}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Answer)
print("ready", flush=True)
server.serve_forever()
"""
READY = "ready"

FETCH = """
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).read().decode(), end="")
except OSError as error:
    sys.exit(str(error))
"""

KNOCK = """
import socket, sys
knock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
knock.settimeout(2)
knock.connect((sys.argv[1], int(sys.argv[2])))
knock.send(b"anybody?")
try:
    knock.recv(1)
except OSError as error:
    print(error)
"""


def serve(port: int, who: str) -> list[str]:
    """The command of a server that says its name and who asked."""
    return [sys.executable, "-u", "-c", SERVE, str(port), who]


def fetch(url: str, seconds: int = 3) -> tuple[list[str], str]:
    """The command that asks for it, and how it is shown."""
    if shutil.which("curl"):
        words = ["curl", "--no-progress-meter", "--max-time", str(seconds), url]
        return words, " ".join(words)
    return [sys.executable, "-c", FETCH, url, str(seconds)], f"python: GET {url} (curl is not installed)"


def knock(address: str, port: int) -> tuple[list[str], str]:
    """A datagram to a port, and what comes back."""
    return [sys.executable, "-c", KNOCK, address, str(port)], f"python: send a datagram to {address} port {port}"
