"""Where the daemon listens."""

from __future__ import annotations

import os

from dataplane.daemon import places
from dataplane.errors import UserError

HOST = "DATAPLANE_HOST"
"""The variable that names a daemon: ``unix:///path``."""


def default_socket() -> str:
    """Where a daemon of this user listens unless it is told otherwise."""
    return str(places.default_socket())


def socket_path(host: str | None) -> str:
    """The path of the socket: of ``host``, else of DATAPLANE_HOST, else the default. UserError for another kind of address."""
    wanted = host or os.environ.get(HOST, "")
    if not wanted:
        return default_socket()
    scheme, sign, path = wanted.partition("://")
    if not sign:
        scheme, path = "unix", wanted
    if scheme != "unix" or not path.startswith("/"):
        raise UserError(f"{wanted} is no address of a daemon", where=HOST, mend=f"write {HOST}=unix:///run/dataplane.sock")
    return path
