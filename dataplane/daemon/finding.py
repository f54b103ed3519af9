"""What an earlier daemon left with the helper, asked for in a thread of its own while this one is still being imported: namespaces,
what is in them, and a descriptor of each TAP, so that what came meanwhile waits in it and nothing has to be opened later."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from dataplane.errors import UserError
from dataplane.proc.helper import Helper
from dataplane.proc.message import Body
from dataplane.proc.spec import NamespaceRef

AT_ONCE = 24
"""Namespaces in one order to the helper: what a message holds."""


@dataclass(frozen=True, slots=True)
class Found:
    """``references``: the helper's hold on each namespace, by name. ``seen``: what is in those of ours, as ``proc.furnish.look``
    has it. ``taps``: descriptors by namespace and port; whoever takes them closes them."""

    references: dict[str, NamespaceRef]
    seen: dict[str, Body]
    taps: dict[tuple[str, str], int]


def find(helper: Helper) -> Found:
    """Blocking. UserError: the helper is gone."""
    known = helper.namespaces()
    for name in [name for name in known if name.startswith(":")]:  # uplinks of a daemon that is no more
        helper.remove_namespace(known.pop(name))
    seen: dict[str, Body] = {}
    taps: dict[tuple[str, str], int] = {}
    names = [name for name, reference in known.items() if reference.owned]
    try:
        for begin in range(0, len(names), AT_ONCE):
            seen |= _taken_up(helper, names[begin : begin + AT_ONCE], taps)
        for name in [name for name in names if name not in seen]:
            helper.remove_namespace(known.pop(name))
    except BaseException:  # nobody else could open them
        for fd in taps.values():
            os.close(fd)
        raise
    return Found(known, seen, taps)


def _taken_up(helper: Helper, names: list[str], taps: dict[tuple[str, str], int]) -> dict[str, Body]:
    """In one order; in two where there is more to say than a message holds."""
    try:
        bodies, fds = helper.take_up(names)
    except UserError:
        if len(names) == 1:
            raise
        half = len(names) // 2
        return _taken_up(helper, names[:half], taps) | _taken_up(helper, names[half:], taps)
    opened = [(name, row[0]) for name, body in bodies.items() for row in body["interfaces"] if row[-1]]
    for key, fd in zip(opened, fds, strict=True):
        if key in taps:  # two say that they are the same: the last is looked at
            os.close(taps[key])
        taps[key] = fd
    return bodies


def begin_to_find(helper: Helper) -> Future[Found]:
    """``find``, from now on."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="finding")
    try:
        return thread.submit(find, helper)
    finally:
        thread.shutdown(wait=False)
