"""Standard input and output of services, and terminals."""

from __future__ import annotations

import os
import socket
import termios

import pytest
from instances import log_of
from private_world import as_root_and_as_user, in_lab, needs_root

from dataplane.proc import message
from dataplane.proc.helper import Helper
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


@as_root_and_as_user
def test_an_exec_may_have_a_terminal(user: bool) -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web")))
        ours, theirs = os.openpty()
        script = "tty; trap 'stty size; exit 9' WINCH; echo $TERM; while :; do sleep 0.05; done"
        execution = service.exec(["sh", "-c", script], (theirs,) * 3, tty=True)
        os.close(theirs)
        seen = b""
        while b"xterm" not in seen:
            seen += os.read(ours, 1000)
        assert b"/dev/pts/" in seen
        termios.tcsetwinsize(ours, (33, 99))
        assert execution.wait(30) == 9
        assert b"33 99" in os.read(ours, 1000)

    in_lab(work, user=user)


@as_root_and_as_user
def test_a_terminal_of_a_service_outlives_who_looks_at_it(user: bool) -> None:
    def work(helper: Helper) -> None:
        script = "while read line; do echo got $line; [ $line = end ] && stty size && exit 6; done"
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sh", "-c", script), tty=True)
        service = helper.spawn(spec)
        with service.attach() as first:
            first.send(b"\0one\n")
            assert said(first, b"got one")
        service.resize(20, 70)
        with service.attach() as second:
            second.send(b"\0end\n")
            assert said(second, b"20 70")
        assert service.wait(30)
        assert service.status().exit == 6
        assert log_of(service) == ["one", "got one", "end", "got end", "20 70"]

    in_lab(work, user=user)


def said(connection: socket.socket, text: bytes) -> bool:
    seen = b""
    while text not in seen:
        data, _fds = message.receive_raw(connection)
        if not data or data[0] == ord("{"):
            return False
        seen += data[1:]
    return True


def test_standard_input_stays_open_takes_much_and_ends() -> None:
    def work(helper: Helper) -> None:
        argv = ("sh", "-c", "sleep 0.3; wc -c")
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=argv, stdin_open=True)
        service = helper.spawn(spec)
        with service.attach() as connection:
            for _ in range(40):
                connection.send(b"\0" + b"x" * 20_000)
            connection.send(b"\0")
            assert said(connection, b"800000")
        assert service.wait(30)
        closed = helper.spawn(InstanceSpec(name="closed", namespace=spec.namespace, argv=("wc", "-c")))
        assert closed.wait(30)
        assert log_of(closed) == ["0"]

    in_lab(work)


def test_a_client_that_does_not_read_never_slows_the_service() -> None:
    def work(helper: Helper) -> None:
        argv = ("sh", "-c", "sleep 0.2; yes | head -c 600000; echo end")
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=argv))
        with service.attach():
            assert service.wait(20)
        assert log_of(service)[-1] == "end"

    in_lab(work)
