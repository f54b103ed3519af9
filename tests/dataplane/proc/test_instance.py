"""What the lab's or the daemon's side makes of a shim's answers."""

import os
import socket
import threading
from pathlib import Path

import pytest

from dataplane.errors import UserError
from dataplane.proc import message
from dataplane.proc.instance import Instance


@pytest.mark.parametrize("asking", ["exec", "attach", "attach_whole"])
def test_a_shim_that_ends_while_it_is_asked_says_so(tmp_path: Path, asking: str) -> None:
    """Its last word to all who are there, {"exit": …}, may come in the place of the answer."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(tmp_path / "control.sock"))
    listener.listen()
    null = os.open(os.devnull, os.O_RDWR)

    def shim() -> None:
        connection, _ = listener.accept()
        with connection:
            _, fds = message.receive(connection)
            for fd in fds:
                os.close(fd)
            message.send(connection, {"exit": 0})

    thread = threading.Thread(target=shim, daemon=True)
    thread.start()
    instance = Instance("web", tmp_path, os.getpid(), 0, os.pidfd_open(os.getpid()))
    try:
        with pytest.raises(UserError, match="service web ended"):
            instance.exec(("true",), (null, null, null)) if asking == "exec" else getattr(instance, asking)()
    finally:
        thread.join(5)
        listener.close()
        os.close(null)
        instance.close()
