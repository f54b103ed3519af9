"""What a service runs -> `model.Process`."""

from __future__ import annotations

import re
import shlex
import signal

from dataplane.compose.durations import duration
from dataplane.compose.nodes import At
from dataplane.compose.values import flag
from dataplane.model import Options, Process

USER = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.@-]*\$?(:[a-zA-Z0-9_][a-zA-Z0-9_.@-]*\$?)?", re.ASCII)

NUMBERS = {str(one.value): one.name for one in signal.Signals}


def process(service: At, environment: Options, run: bool) -> Process:
    """The process of ``service``. ``run``: whether its command may run on this host."""
    grace = service.get("stop_grace_period")
    return Process(
        command=(*words(service.get("entrypoint")), *words(service.get("command"))),
        environment=environment,
        working_dir=_folder(service.get("working_dir")),
        user=_user(service.get("user")),
        init=flag(service, "init"),
        stop_signal=_signal(service.get("stop_signal")),
        stop_grace_period_ns=duration(grace) if grace else Process().stop_grace_period_ns,
        tty=flag(service, "tty"),
        stdin_open=flag(service, "stdin_open"),
        run=run,
    )


def words(at: At | None) -> tuple[str, ...]:
    """A command: a list as it is, a text split as a shell does (without running one)."""
    if at is None:
        return ()
    if isinstance(at.value, tuple):
        return tuple(element.text() for element in at.elements())
    try:
        return tuple(shlex.split(at.text()))
    except ValueError as error:
        reason = "a quote is never closed" if "quot" in str(error).lower() else "it ends in a backslash"
        raise at.wrong(f"the command cannot be split into words: {reason}", "write it as a list: [program, argument]") from None


def _folder(at: At | None) -> str | None:
    if at is not None and not at.text().startswith("/"):
        raise at.wrong(f'"{at.text()}" is not an absolute path', "begin it with /")
    return None if at is None else at.text()


def _user(at: At | None) -> str | None:
    if at is not None and not USER.fullmatch(at.text()):
        raise at.wrong(f'"{at.text()}" is not a user', 'write "1000", "1000:1000" or a name')
    return None if at is None else at.text()


def _signal(at: At | None) -> str:
    """The signal's full name; Docker takes ``SIGINT``, ``INT``, ``int`` and ``2``."""
    if at is None:
        return Process().stop_signal
    written = at.text().upper()
    if written in NUMBERS:
        return NUMBERS[written]
    name = written if written.startswith("SIG") else f"SIG{written}"
    if name not in signal.Signals.__members__:
        raise at.wrong(f'there is no signal "{at.text()}"', "write SIGTERM, SIGINT or another of kill -l")
    return name
