"""What an earlier daemon left with the helper, asked for in a thread of its own while this one is still being imported: namespaces,
what is in them, and a descriptor of each TAP, so that what came meanwhile waits in it and nothing has to be opened later."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from dataplane.proc.helper import Helper
from dataplane.proc.message import Body
from dataplane.proc.spec import NamespaceRef

AT_ONCE = 24
"""Namespaces in one order to the helper: what a message holds."""


@dataclass(frozen=True, slots=True)
class Found:
    """``references``: the helper's hold on each namespace, by name. ``seen``: what is in those of ours, as ``proc.furnish.look``
    has it. ``taps``: descriptors by port; whoever takes them closes them."""

    references: dict[str, NamespaceRef]
    seen: dict[str, Body]
    taps: dict[str, int]


def find(helper: Helper) -> Found:
    """Blocking. UserError: the helper is gone."""
    known = helper.namespaces()
    for name in [name for name in known if name.startswith(":")]:  # uplinks of a daemon that is no more
        helper.remove_namespace(known.pop(name))
    seen: dict[str, Body] = {}
    taps: dict[str, int] = {}
    names = [name for name, reference in known.items() if reference.owned]
    for begin in range(0, len(names), AT_ONCE):
        bodies, fds = helper.take_up(names[begin : begin + AT_ONCE])
        taps |= dict(zip((row[0] for body in bodies.values() for row in body["interfaces"] if row[-1]), fds, strict=True))
        seen |= bodies
    for name in [name for name in names if name not in seen]:
        helper.remove_namespace(known.pop(name))
    return Found(known, seen, taps)


def begin_to_find(helper: Helper) -> Future[Found]:
    """``find``, from now on."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="finding")
    try:
        return thread.submit(find, helper)
    finally:
        thread.shutdown(wait=False)
