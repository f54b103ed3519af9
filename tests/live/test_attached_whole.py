"""Whoever is attached gets every octet, from the first one if it was there before the start: issue 5, "attach", "logs"."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from private_world import as_root_and_as_user, in_lab, needs_root

from dataplane.proc import message
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


def started(helper: Helper, script: str, **more: object) -> tuple[Instance, socket.socket]:
    """A service, and a connection that was there before it began."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sh", "-c", script), **more)  # type: ignore[arg-type]
        service = helper.spawn(spec, (theirs.fileno(),))
    ours.settimeout(30)
    return service, ours


def whole(connection: socket.socket, pause: float = 0.0) -> tuple[bytes, bytes, int | None]:
    """stdout, stderr and the exit status that it tells, until its end."""
    seen, code = {1: b"", 2: b""}, None
    while True:
        data, _fds = message.receive_raw(connection)
        if not data:
            return seen[1], seen[2], code
        if data[0] == ord("{"):
            code = json.loads(data).get("exit", code)
        else:
            seen[data[0]] += data[1:]
        time.sleep(pause)


@as_root_and_as_user
def test_a_client_that_was_there_before_sees_the_first_octet_and_the_last(user: bool) -> None:
    """A command that is over in a moment: nothing of it is lost, on either stream, nor is its exit status."""

    def work(helper: Helper) -> None:
        service, connection = started(helper, "printf first; printf oops >&2; printf ' last'; exit 7")
        assert whole(connection) == (b"first last", b"oops", 7)
        assert service.wait(30)

    in_lab(work, user=user)


@as_root_and_as_user
def test_a_slow_client_loses_nothing_and_the_command_waits_for_it(user: bool) -> None:
    def work(helper: Helper) -> None:
        script = "seq 1 300000; echo done > $HOME/done" if user else "seq 1 300000; echo done > /run/done"
        done = Path(os.environ["HOME"] if user else "/run") / "done"
        service, connection = started(helper, script)
        time.sleep(0.5)
        assert not done.exists(), "nobody reads, and it has written more than anything here holds"
        assert service.run(["echo", "there"], timeout=30) == (0, b"there\n"), "the shim itself never waits"
        seen, _, code = whole(connection)
        assert seen == b"".join(b"%d\n" % n for n in range(1, 300001))
        assert (code, service.wait(30), done.exists()) == (0, True, True)

    in_lab(work, user=user)


def test_what_a_client_has_not_read_at_the_end_is_kept_for_it() -> None:
    def work(helper: Helper) -> None:
        service, connection = started(helper, "head -c 300000 /dev/zero & sleep 0.3; exit 3")
        assert service.wait(30), "it does not wait for somebody who sleeps"
        seen, _, code = whole(connection)
        assert len(seen) >= 100_000, "what the sockets held, which is less the smaller the pieces were"
        assert code == 3

    in_lab(work)


def test_a_client_that_goes_away_holds_nobody_up() -> None:
    def work(helper: Helper) -> None:
        service, connection = started(helper, "seq 1 300000; exit 4")
        second, _place = service.attach_whole()
        time.sleep(0.2)
        connection.close()
        second.close()
        assert service.wait(30)
        assert service.status().exit == 4

    in_lab(work)


def test_the_log_up_to_the_beginning_and_the_stream_from_there_are_everything_once() -> None:
    """`attach` with logs: lines that are in the log, the beginning of one that is not, and what comes then."""

    def work(helper: Helper) -> None:
        script = 'i=0; while [ $i -lt 60000 ]; do printf "$i a "; printf "$i b\\n"; i=$((i+1)); done'
        service, first = started(helper, script)
        time.sleep(0.3)
        second, (inode, size) = service.attach_whole()
        path = service.place / "log.jsonl"
        assert path.stat().st_ino == inode
        before = b"".join(octets_of(line) for line in path.read_bytes()[:size].splitlines())
        second.settimeout(30)
        with ThreadPoolExecutor() as threads:  # each of them would wait for the other
            rest = threads.submit(whole, second)
            everything = whole(first)[0]
        assert before + rest.result()[0] == everything
        assert everything.count(b"\n") == 60000

    in_lab(work)


def test_the_log_keeps_every_octet() -> None:
    """A terminal's carriage returns, a line that never ended, and what is no text (DOCKER.md has Docker's log replace it)."""

    def work(helper: Helper) -> None:
        for name, script, tty, wanted in (
            ("plain", "printf 'a\\r\\nb\\n\\377\\376\\nlast'", False, b"a\r\nb\n\xff\xfe\nlast"),
            ("terminal", "printf 'a\\nb'", True, b"a\r\nb"),
        ):
            argv = ("sh", "-c", script)
            service = helper.spawn(InstanceSpec(name=name, namespace=helper.create_namespace(name), argv=argv, tty=tty))
            assert service.wait(30)
            assert b"".join(octets_of(line) for line in (service.place / "log.jsonl").read_bytes().splitlines()) == wanted

    in_lab(work)


def octets_of(line: bytes) -> bytes:
    record = json.loads(line)
    text = base64.b64decode(record["octets"]) if "octets" in record else record["text"].encode()
    return text + (b"" if record.get("partial") else record.get("end", "\n").encode())
