"""A server on a unix socket that answers as it was told and keeps what it was asked: to see what command lines ask of a daemon."""

from __future__ import annotations

import json
import os
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

VERSION = "1.50"


class Asked(NamedTuple):
    """A request, its path without the version."""

    verb: str
    path: str
    query: dict[str, list[str]]
    body: Any


class Recorder:
    """`answers`: by "VERB /path", JSON and maybe a status; what is not there is answered 404."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers: dict[str, Any] = {"GET /_ping": "OK", "HEAD /_ping": "", **answers}
        self.asked: list[Asked] = []
        self.host = ""

    def bodies(self, path: str) -> list[Any]:
        return [one.body for one in self.asked if one.path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorder: Recorder

    def address_string(self) -> str:
        return "local"

    def log_message(self, *words: object) -> None:
        pass

    def _answer(self) -> None:
        url = urlsplit(self.path)
        path = url.path
        if path.startswith("/v1."):
            path = "/" + path.split("/", 2)[2]
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.recorder.asked.append(Asked(self.command, path, parse_qs(url.query), json.loads(data) if data else None))
        found = self.recorder.answers.get(f"{self.command} {path}", ({"message": f"nothing at {path}"}, 404))
        body, status = found if isinstance(found, tuple) else (found, 200)
        text = b"" if body is None or self.command == "HEAD" else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Api-Version", VERSION)
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = do_HEAD = _answer


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def recording(folder: Path, **answers: Any) -> Iterator[Recorder]:
    """Serve in a thread, at ``recorder.host``. Keys of answers: "GET /networks"."""
    recorder = Recorder(answers)
    path = folder / "d.sock"
    handler = type("Handler", (_Handler,), {"recorder": recorder})
    with _Server(str(path), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        recorder.host = f"unix://{path}"
        yield recorder
        server.shutdown()


def docker() -> str:
    """The newest docker client there is; the test is skipped where there is none."""
    found = shutil.which("docker")
    if found is None:
        pytest.skip("docker's client is not installed")
    return found


def newest_docker() -> str:
    """One of version 23 or later, whose words are those of today."""
    found = docker()
    words = subprocess.run([found, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout.split()
    if int(words[2].split(".")[0]) < 23:
        pytest.skip("this docker's words are older")
    return found


def run_docker(program: str, *words: str, host: str, home: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """A docker client that reads no configuration of this machine's."""
    env = {**os.environ, "DOCKER_HOST": host, "HOME": str(home), "DOCKER_CONFIG": str(home), "DOCKER_CLI_HINTS": "false"}
    return subprocess.run([program, *words], env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)
