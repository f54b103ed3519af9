"""Reading a container's log: every octet, the last lines with all their parts, rotations while somebody reads."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dataplane.daemon.container.logs import everything, last, logs, up_to
from dataplane.daemon.face import LogLine
from dataplane.proc.log import LINE, Log


def line(text: bytes, stream: str = "stdout") -> LogLine:
    return LogLine(0, stream, text)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["stdout", "stderr"]),
            st.one_of(st.binary(max_size=40), st.integers(1, 3 * LINE).map(lambda n: b"x" * n), st.just(b"\r\n")),
        ),
        max_size=12,
    )
)
def test_what_was_written_is_read_octet_for_octet(pieces: list[tuple[str, bytes]]) -> None:
    """Of each stream, whatever it is: text or none, lines long, empty or without end, carriage returns."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        log = Log(f"{folder}/log.jsonl")
        for stream, data in pieces:
            log.write(stream, data)
        log.close()
        found = everything(Path(folder))
    for stream in ("stdout", "stderr"):
        assert b"".join(one.text for one in found if one.stream == stream) == b"".join(
            data for name, data in pieces if name == stream
        )


def test_the_last_lines_come_with_all_their_parts() -> None:
    lines = [line(b"one\n"), line(b"tw"), line(b"x\n", "stderr"), line(b"o\n"), line(b"open")]
    assert last(lines, 1) == [lines[4]]
    assert last(lines, 2) == [lines[2], lines[4]]
    assert last(lines, 3) == [lines[1], lines[3], lines[2], lines[4]]
    assert last(lines, 0) == []
    assert len(last(lines, 100)) == 5


def test_a_log_that_rotates_while_it_is_followed_loses_nothing(tmp_path: Path) -> None:
    """What is read slower than two rotations is lost, as with Docker's files; here the reader keeps up."""

    async def work() -> list[bytes]:
        log = Log(str(tmp_path / "log.jsonl"), limit=4000)
        done = False
        seen: list[bytes] = []

        async def write() -> None:
            nonlocal done
            for n in range(1000):
                log.write("stdout", b"%d\n" % n)
                if n % 20 == 0:
                    while len(seen) < n - 40:
                        await asyncio.sleep(0.002)
            log.close()
            done = True

        writing = asyncio.create_task(write())
        async for one in logs(tmp_path, follow=True, ended=lambda: done):
            seen.append(one.text)
        await writing
        return seen

    # The follower looks every POLL seconds where nothing is new; the writer waits for nobody: its pauses are shorter.
    from dataplane.daemon.container import logs as module

    module.POLL, before = 0.0, module.POLL
    try:
        assert asyncio.run(work()) == [b"%d\n" % n for n in range(1000)]
    finally:
        module.POLL = before


def test_what_was_there_at_a_moment(tmp_path: Path) -> None:
    """`attach` with logs: up to the place that the shim named, also where the file was rotated since."""
    log = Log(str(tmp_path / "log.jsonl"), limit=600)
    log.write("stdout", b"one\ntwo\n")
    inode, size = log.place()
    log.write("stdout", b"three\n")
    assert [one.text for one in up_to(tmp_path, inode, size)] == [b"one\n", b"two\n"]
    while (tmp_path / "log.jsonl").stat().st_ino == inode:
        log.write("stdout", b"more\n")
    assert [one.text for one in up_to(tmp_path, inode, size)] == [b"one\n", b"two\n"]
    log.close()


def test_a_line_that_a_full_disk_cut_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(
        b'{"time": 1, "stream": "stdout", "te\n{"time": 2, "stream": "stdout", "text": "b"}\n[]\n{"time"'
    )
    assert [(one.time, one.text) for one in everything(tmp_path)] == [(2, b"b\n")]
