"""Verbs that labs and the daemon both have: whose is meant.

The daemon's where DATAPLANE_HOST is set, where the word behind the verb is ``--daemon``, and where a daemon of this user is there
and no lab runs; a lab's where ``--lab`` is written, and else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from dataplane.client.address import HOST, default_socket

SHARED = frozenset({"exec", "logs", "port", "ps", "stats"})
DAEMON = "--daemon"


def of_daemon(words: Sequence[str]) -> bool:
    """``words`` begin with one of SHARED."""
    if DAEMON in words[1:2]:
        return True
    if any(word == "--lab" or word.startswith("--lab=") for word in words):
        return False
    if os.environ.get(HOST):
        return True
    if not os.path.exists(default_socket()):  # noqa: PTH110 pathlib weighs on every start
        return False
    from dataplane.live.lookup import labs

    return not any(lab.running for lab in labs())
