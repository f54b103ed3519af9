"""The helper of a daemon, which outlives it: the one that runs, else another that takes over the namespaces of the first."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from dataplane.errors import UserError
from dataplane.proc import mounts, pids
from dataplane.proc.helper import Helper
from dataplane.proc.server import VERSION
from dataplane.proc.userns import find_namespace


def helper_of(folder: Path) -> Helper:
    """The helper of the daemon whose folder of what runs that is. Blocking. UserError: none can be had."""
    body = pids.read_json(str(folder / "helper.json"))
    if body is not None and pids.alive(body["pid"], body["start"]):
        helper = _known(folder)
        if helper is not None and helper.version() == VERSION:
            return helper
        # Of another version, or it does not answer. Shims live on without it.
        if helper is not None:
            with suppress(UserError):
                _note(helper, folder)
            helper.close()
        pids.kill(body["pid"], body["start"])
    helper = Helper.start(folder.name, folder)
    _adopt(helper, folder)
    return helper


def replaced(folder: Path, hosts: Iterable[str]) -> Helper:
    """Another in place of one that was killed under a daemon; blocking. ``hosts``: the names of those that are in the host's own
    namespace."""
    body = pids.read_json(str(folder / "helper.json"))
    if body is not None:
        with suppress(ChildProcessError):  # the daemon's own child, once the process that forked it has ended
            os.waitpid(body["pid"], os.WNOHANG)
    helper = helper_of(folder)
    known = helper.namespaces()
    for name in hosts:
        if name not in known:
            helper.host_namespace(name)
    return helper


def end_helper(folder: Path) -> None:
    """End the helper, which is for when no namespace needs it. Blocking."""
    body = pids.read_json(str(folder / "helper.json"))
    if body is not None:
        pids.kill(body["pid"], body["start"])


def _known(folder: Path) -> Helper | None:
    try:
        return Helper.connect(folder)
    except UserError:
        return None


def _adopt(helper: Helper, folder: Path) -> None:
    """Namespaces that have a name outlive every process, an ordinary user's the helper, where a shim is in them. One that is gone,
    or is another's by now, is forgotten: with its name, where a helper was killed between the halves of making or removing it."""
    for record in sorted((folder / "namespaces").iterdir()):
        body = pids.read_json(str(record)) or {"name": "", "inode": 0}
        path = mounts.path_of(body["name"]) if body["name"] else find_namespace(str(folder), body["inode"])
        try:
            if Path(path).stat().st_ino != body["inode"]:
                raise FileNotFoundError(path)
            helper.adopt_namespace(record.name, path)
        except (OSError, UserError):
            if body["name"]:
                mounts.unbind(body["name"], body["inode"])
            record.unlink(missing_ok=True)


def _note(helper: Helper, folder: Path) -> None:
    """What an ordinary user's helper of an earlier version knew and did not write down."""
    for name, one in helper.namespaces().items():
        record = folder / "namespaces" / name
        if one.owned and not record.exists():
            pids.write_json(str(record), {"name": "", "inode": one.inode})
