"""Reading a shim's log while it is rotated."""

import json

from dataplane.proc.log import Log
from dataplane.proc.logfile import LogFile


def test_a_log_that_rotates_between_two_looks_comes_once(tmp_path):
    """The file that is open has become the old one: its lines are not read from both."""
    log = Log(str(tmp_path / "log.jsonl"), limit=300)
    log.write("stdout", b"first\n")
    file = LogFile(tmp_path)
    written = 1
    while not (tmp_path / "log.jsonl.1").exists():
        log.write("stdout", b"%d\n" % written)
        written += 1
    texts = [json.loads(line)["text"] for line in file.history()]
    file.close()
    log.close()
    assert texts == ["first", *map(str, range(1, written))]
