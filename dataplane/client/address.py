"""Where the daemon listens."""

from __future__ import annotations

import os

from dataplane.errors import UserError

HOST = "DATAPLANE_HOST"
"""The variable that names a daemon: ``unix:///path``."""
ROOT = "/run/dataplane.sock"


def default_socket() -> str:
    """Where a daemon of this user listens unless it is told otherwise; "" where such a user has no place for it."""
    if os.geteuid() == 0:
        return ROOT
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return f"{folder}/dataplane.sock" if folder else ""


def socket_path(host: str | None) -> str:
    """The path of the socket: of ``host``, else of DATAPLANE_HOST, else the default. UserError for another kind of address."""
    wanted = host or os.environ.get(HOST, "")
    if not wanted:
        path = default_socket()
        if not path:
            raise UserError("where does the daemon listen?", mend=f"set {HOST}=unix:///PATH", status=1)
        return path
    scheme, sign, path = wanted.partition("://")
    if not sign:
        scheme, path = "unix", wanted
    if scheme != "unix" or not path.startswith("/"):
        raise UserError(f"{wanted} is no address of a daemon", where=HOST, mend=f"write {HOST}=unix:///run/dataplane.sock")
    return path
