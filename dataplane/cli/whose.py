"""Verbs that labs and the daemon both have: whose is meant. Of some (SHARED) the two are different verbs; those that look inside
are the same.

The daemon's where DATAPLANE_HOST is set, where the word behind the verb is ``--daemon``, and where a daemon of this user is there
and no lab runs; a lab's where ``--lab`` is written, and else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dataplane.client.address import HOST, default_socket
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.looking.asking import Tables

SHARED = frozenset({"exec", "logs", "port", "ps", "stats"})
DAEMON = "--daemon"


def of_daemon(words: Sequence[str]) -> bool:
    """``words`` begin with one of SHARED."""
    lab = any(word == "--lab" or word.startswith("--lab=") for word in words)
    return DAEMON in words[1:2] or (not lab and _else_the_daemon())


def tables(lab: str | None, *, daemon: bool) -> Tables:
    """Of the lab or the daemon that is meant. UserError where both are written, and where none is there."""
    if means_daemon(lab, daemon=daemon):
        from dataplane.client.tables import DaemonTables

        return DaemonTables()
    from dataplane import live

    return live.find(lab=lab)


def means_daemon(lab: str | None, *, daemon: bool) -> bool:
    """As ``of_daemon``, of words that are read. UserError where they are two."""
    if daemon and lab is not None:
        raise UserError("both a lab and the daemon are meant", where=f"--lab {lab} {DAEMON}", mend="look into one of them")
    return daemon or (lab is None and _else_the_daemon())


def _else_the_daemon() -> bool:
    if os.environ.get(HOST):
        return True
    if not os.path.exists(default_socket()):  # noqa: PTH110 pathlib weighs on every start
        return False
    from dataplane.live.lookup import labs

    return not any(lab.running for lab in labs())
