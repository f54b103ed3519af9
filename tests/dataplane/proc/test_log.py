"""The log of a service: whole lines, cut lines, two streams, one rotation, never more than its bound."""

from __future__ import annotations

import json
import os
from pathlib import Path

from dataplane.proc.log import LINE, Log


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_keep_their_stream_and_wait_for_their_end(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "log"))
    log.write("stdout", b"one\ntw")
    log.write("stderr", b"oops\r\n")
    log.write("stdout", b"o\n\nrest")
    assert [(r["stream"], r["text"]) for r in records(tmp_path / "log")] == [
        ("stdout", "one"),
        ("stderr", "oops"),
        ("stdout", "two"),
        ("stdout", ""),
    ]
    log.close()
    assert records(tmp_path / "log")[-1]["text"] == "rest"
    times = [r["time"] for r in records(tmp_path / "log")]
    assert times == sorted(times)


def test_a_long_line_is_cut_and_its_parts_are_marked(tmp_path: Path) -> None:
    whole = os.urandom(LINE * 2).hex().encode()[: LINE * 3 + 5]
    for step in (len(whole) + 1, 1000, LINE):
        path = tmp_path / f"log{step}"
        log = Log(str(path))
        for at in range(0, len(whole) + 1, step):
            log.write("stdout", (whole + b"\n")[at : at + step])
        found = records(path)
        assert "".join(str(r["text"]) for r in found).encode() == whole
        assert [r.get("partial", False) for r in found] == [True] * (len(found) - 1) + [False]
        assert all(len(str(r["text"])) <= LINE for r in found)


def test_octets_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "log"))
    log.write("stdout", 'ü"\\'.encode() + b"\xff\n")
    assert [r["text"] for r in records(tmp_path / "log")] == ['ü"\\\ufffd']


def test_the_file_rotates_once_and_is_bounded(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "log"), limit=10_000)
    for n in range(1000):
        log.write("stdout", b"%d\n" % n)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= 10_000 for path in tmp_path.iterdir())
    texts = [r["text"] for r in records(tmp_path / "log.1") + records(tmp_path / "log")]
    assert texts == [str(n) for n in range(1000 - len(texts), 1000)]


def test_a_second_start_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for word in (b"first\n", b"second\n"):
        log = Log(str(tmp_path / "log"))
        log.write("stdout", word)
        log.close()
    assert [r["text"] for r in records(tmp_path / "log")] == ["first", "second"]


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    try:
        Log(str(tmp_path / "log"))
    except OSError:
        assert not (tmp_path / "elsewhere").exists()
    else:
        raise AssertionError("followed a link")
