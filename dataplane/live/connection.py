"""HTTP over a lab's control socket, from the standard library, for clients that do one thing at a time."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dataplane.client.unix import UnixConnection
from dataplane.errors import UserError
from dataplane.proc import message

SOCKET = "control.sock"
TIMEOUT = 30.0


class Connection:
    """Requests to one lab, each on a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(
        self,
        verb: str,
        path: str,
        *,
        query: object = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = TIMEOUT,
    ) -> tuple[UnixConnection, http.client.HTTPResponse]:
        """Send a request; its connection and its response. UserError when it is refused, or the lab does not answer."""
        query = {key: value for key, value in dict(query or {}).items() if value is not None}  # type: ignore[call-overload]
        connection = UnixConnection(f"{self.folder}/{SOCKET}", timeout, "lab")
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(verb, f"/v1/{path}?{urlencode(query, doseq=True)}" if query else f"/v1/{path}", data, headers or {})
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            name = self.folder.name
            raise UserError(
                f"lab {name} does not answer: {error}", mend=f"dataplane down --lab {name}, then up again", status=1
            ) from None
        if response.status >= 400:
            data = response.read()
            connection.close()
            _refused(data, response.status)
        return connection, response

    def ask(self, verb: str, path: str, *, timeout: float | None = TIMEOUT, **more: Any) -> Any:
        """The JSON of the answer."""
        return json.loads(self.text(verb, path, timeout=timeout, **more))

    def text(self, verb: str, path: str, *, timeout: float | None = TIMEOUT, **more: Any) -> str:
        """The answer as text."""
        connection, response = self.open(verb, path, timeout=timeout, **more)
        try:
            return response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise UserError(f"lab {self.folder.name} broke off: {error}", mend="dataplane ps", status=1) from None
        finally:
            connection.close()

    def lines(self, verb: str, path: str, **more: Any) -> Iterator[Any]:
        """Each line of an answer that goes on, until the lab ends it or the caller stops. It begins within TIMEOUT."""
        connection, response = self.open(verb, path, timeout=TIMEOUT, **more)
        connection.sock.settimeout(None)
        try:
            while line := response.readline():
                yield json.loads(line)
        except (OSError, http.client.HTTPException, ValueError):
            return  # the lab has ended
        finally:
            connection.close()


def _refused(data: bytes, status: int) -> None:
    try:
        body = json.loads(data)
    except ValueError:
        body = {"error": data.decode("utf-8", "replace")[:200] or f"HTTP status {status}", "status": 1}
    message.raise_failure(body)
    raise UserError(f"HTTP status {status}", status=1)
