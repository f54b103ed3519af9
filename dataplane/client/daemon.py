"""Requests to a daemon, each on a connection of its own."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from dataplane.client.address import socket_path
from dataplane.client.refusal import Refusal
from dataplane.client.unix import UnixConnection
from dataplane.errors import UserError

TIMEOUT = 60.0
"""Seconds; for what may take as long as a container runs there is none."""
UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}

Query = Mapping[str, Any]


def quoted(name: str) -> str:
    """A name as part of a path."""
    return quote(name, safe="")


class Daemon:
    """A daemon by its socket's path."""

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def at(cls, host: str | None = None) -> Daemon:
        """The one at ``host`` (``unix:///path``), else at DATAPLANE_HOST, else at this user's default."""
        return cls(socket_path(host))

    def open(
        self,
        verb: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = TIMEOUT,
    ) -> tuple[UnixConnection, http.client.HTTPResponse]:
        """Send a request; its connection and its response. Refusal when it is refused, UserError when nobody answers.

        ``query``: values None are left out, true and false are 1 and 0, mappings and lists are JSON (Docker's ``filters``)."""
        words = {key: _text(value) for key, value in (query or {}).items() if value is not None}
        connection = UnixConnection(self.path, timeout)
        data = None if body is None else json.dumps(body).encode()
        head = {**(headers or {}), **({"Content-Type": "application/json"} if data is not None else {})}
        try:
            connection.request(verb, f"{path}?{urlencode(words)}" if words else path, data, head)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._silent(error) from None
        if response.status >= 400:
            text = response.read()
            connection.close()
            raise Refusal(response.status, *_message(text, response.status))
        return connection, response

    def ask(self, verb: str, path: str, **more: Any) -> Any:
        """The JSON of the answer; None where it is empty."""
        text = self.octets(verb, path, **more)
        return json.loads(text) if text.strip() else None

    def octets(self, verb: str, path: str, **more: Any) -> bytes:
        """The answer as it is."""
        connection, response = self.open(verb, path, **more)
        try:
            return response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from None
        finally:
            connection.close()

    def lines(self, verb: str, path: str, **more: Any) -> Iterator[Any]:
        """Each line of an answer that goes on, until the daemon ends it or the caller stops."""
        connection, response = self.open(verb, path, **{"timeout": None, **more})
        try:
            with suppress(OSError, http.client.HTTPException, ValueError):  # the daemon has ended
                while line := response.readline():
                    if line.strip():
                        yield json.loads(line)
        finally:
            connection.close()

    def hijack(self, verb: str, path: str, **more: Any) -> tuple[socket.socket, bytes, str]:
        """The connection that the daemon hands over, what came right behind its header, and its type of content."""
        connection, response = self.open(verb, path, **{"timeout": None, "headers": UPGRADE, **more})
        sock = connection.sock
        kind = response.headers.get("Content-Type", "")
        if response.status == 101:
            sock.setblocking(False)
            early = bytes(response.fp.peek())
            sock.setblocking(True)
            own = sock.dup()
            response.close()
            connection.close()
            return own, early, kind
        connection.close()
        raise UserError(f"the daemon did not hand over the connection (HTTP status {response.status})", status=1)

    def _silent(self, error: Exception) -> UserError:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        return UserError(
            f"the daemon does not answer at unix://{self.path}: {reason[:1].lower()}{reason[1:]}",
            mend="start it: dataplane daemon   (or say where it listens: DATAPLANE_HOST=unix:///PATH)",
            status=1,
        )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, Mapping | list) else str(value)


def _message(data: bytes, status: int) -> tuple[str, str]:
    """Docker's {"message": …}, and our ``mend``, which Docker has not."""
    with suppress(ValueError):
        body = json.loads(data)
        if isinstance(body, dict) and isinstance(body.get("message"), str):
            return str(body["message"]), str(body.get("mend") or "")
    return data.decode("utf-8", "replace").strip()[:500] or f"HTTP status {status}", ""
