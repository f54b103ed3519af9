"""One message at a time over a Unix SOCK_SEQPACKET socket: a JSON object, and file descriptors beside it.

A message that starts with an octet below ``{`` is not JSON but stream data (see ``shim``); both are bounded by ``LIMIT`` octets.
Sockets are bound and reached through a descriptor of their folder: a path in a Unix socket address may have 107 octets only.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from dataplane.errors import UserError

# Without importing typing, here and in the other modules of helper and shim: its objects lie between those that every shim
# touches, which costs each 0.1 MB.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 128 * 1024
MAX_FDS = 128

Body = dict[str, "Any"]


def send(connection: socket.socket, body: Body, fds: Iterable[int] = ()) -> None:
    """Send one object. UserError when it is too long for one message; OSError when the other side is gone."""
    data = json.dumps(body, separators=(",", ":")).encode()
    if len(data) > LIMIT:
        raise UserError(
            f"a request of {len(data)} octets is more than the {LIMIT} that fit one message",
            where=str(body.get("name", "")),
            mend="shorten the command or its environment",
        )
    descriptors = list(fds)
    if descriptors:
        socket.send_fds(connection, [data], descriptors)
    else:
        connection.send(data)


def receive_raw(connection: socket.socket) -> tuple[bytes, list[int]]:
    """One message as it came, with its descriptors (close-on-exec). Empty when the other side has closed."""
    try:
        # Not socket.recv_fds: before Python 3.12 it forgets the flag, and every command would inherit the descriptors.
        data, ancillary, _flags, _address = connection.recvmsg(LIMIT, socket.CMSG_LEN(MAX_FDS * 4), socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return b"", []
    fds = array("i")
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(value[: len(value) - len(value) % fds.itemsize])
    return data, list(fds)


def parse(data: bytes) -> Body:
    """The object of a message; ValueError when it is none."""
    body = json.loads(data)
    if not isinstance(body, dict):
        raise ValueError("a message that is no object")
    return body


def receive(connection: socket.socket) -> tuple[Body | None, list[int]]:
    """One object and its descriptors; None when the other side has closed."""
    data, fds = receive_raw(connection)
    return (parse(data) if data else None), fds


def failure(error: BaseException) -> Body:
    """An exception as the body of a reply."""
    if isinstance(error, UserError):
        return {"error": error.what, "where": error.where, "mend": error.mend, "status": error.status}
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    mend = "make room on the disk of the state folder" if full else ""
    return {"error": str(error) or type(error).__name__, "where": "", "mend": mend, "status": 1}


def raise_failure(body: Body) -> None:
    """Raise the UserError that a reply carries, if it carries one."""
    if "error" in body:
        raise UserError(body["error"], where=body.get("where", ""), mend=body.get("mend", ""), status=body.get("status", 1))


@contextmanager
def _address(path: str) -> Iterator[str]:
    folder, name = os.path.split(path)
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{name}"
    finally:
        os.close(fd)


def listen(path: str) -> socket.socket:
    """A listening socket at ``path``, in place of one that a dead process left there."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with suppress(FileNotFoundError):
        os.unlink(path)
    with _address(path) as address:
        listener.bind(address)
    listener.listen(64)
    listener.setblocking(False)
    return listener


def connect(path: str) -> socket.socket:
    """A blocking connection to the socket at ``path``; OSError when nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with _address(path) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
