"""Ask a question in a child process: what it makes goes when it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable

PATIENCE_S = 5

Answer = dict[str, object]


def ask(question: Callable[[], Answer]) -> Answer:
    """What ``question`` returns when a child process calls it; ``{"error": sentence}`` when that raised OSError or hung."""
    sys.stdout.flush()
    sys.stderr.flush()
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _answer(question, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read()
    _pid, status = os.waitpid(pid, 0)
    if not said:
        return {"error": f"the probe ended with status {os.waitstatus_to_exitcode(status)}"}
    answer = json.loads(said)
    assert isinstance(answer, dict)
    return answer


def _answer(question: Callable[[], Answer], write_end: int) -> None:
    answer: Answer = {"error": "the probe did not end"}
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE_S)
        answer = question()
    except OSError as error:
        answer = {"error": error.strerror or str(error)}
    except Exception as error:  # a fault of the probe is a finding too, never an "ok"
        answer = {"error": f"{type(error).__name__}: {error}"}
    finally:
        os.write(write_end, json.dumps(answer).encode())
        os._exit(0)
