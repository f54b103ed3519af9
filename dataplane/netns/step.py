"""A step of setting up a lab: what was done, and how one would do it by hand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dataplane.errors import UserError
from dataplane.proc.mounts import FOLDER
from dataplane.proc.spec import NamespaceRef


@dataclass(frozen=True, slots=True)
class Step:
    """``what``: a few words; ``by_hand``: one shell command."""

    what: str
    by_hand: str


def entering(namespace: NamespaceRef) -> str:
    """The words before a command that make it run in ``namespace``; none for the host's."""
    if namespace.path.startswith(f"{FOLDER}/"):
        return f"ip netns exec {shlex.quote(namespace.path.removeprefix(f'{FOLDER}/'))} "
    if namespace.path == "/proc/1/ns/net":
        return ""
    if namespace.owned:
        # An ordinary user's: its user namespace comes first, and is the one of the helper that holds the descriptor.
        return f"nsenter --user={namespace.path.rsplit('/', 2)[0]}/ns/user --preserve-credentials --net={namespace.path} "
    return f"nsenter --net={shlex.quote(namespace.path)} "


def ip_step(namespace: NamespaceRef, what: str, command: str) -> Step:
    """A step that is ``ip COMMAND``: ``ip -n NAME COMMAND`` where the namespace has a name."""
    if namespace.path.startswith(f"{FOLDER}/"):
        return Step(what, f"ip -n {shlex.quote(namespace.path.removeprefix(f'{FOLDER}/'))} {command}")
    return Step(what, f"{entering(namespace)}ip {command}")


@contextmanager
def refusing(step: Step) -> Iterator[None]:
    """Turn what the kernel refuses inside into a UserError that names the step."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        yield
    except NetlinkError as error:
        said = str(error.args[-1]) if error.args else f"error {error.code}"
        raise UserError(f"cannot {step.what}: {said}", where=step.by_hand, mend="try that command by hand", status=1) from None
