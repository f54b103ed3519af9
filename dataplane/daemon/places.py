"""Where a daemon keeps what: its state for good, what runs until the machine stops, its API's socket.

    as           root                         a user                              a user without XDG_RUNTIME_DIR
    state        /var/lib/dataplane           $XDG_STATE_HOME/dataplane           (without that variable: ~/.local/state/dataplane)
    socket       /run/dataplane.sock          $XDG_RUNTIME_DIR/dataplane.sock     /tmp/dataplane-daemon-UID/dataplane.sock
    what runs    /run/dataplane-daemon/NAME   $XDG_RUNTIME_DIR/…daemon/NAME       /tmp/dataplane-daemon-UID/NAME

NAME is ``dataplane`` of root's daemon with that state; of another it follows from the state's folder, so that each has interfaces,
namespaces, rules and helper of its own.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dataplane.errors import UserError
from dataplane.proc.registry import checked, runtime_folder

DEFAULT_NAME = "dataplane"
ROOT_STATE = Path("/var/lib/dataplane")
FILE, KEPT = "desired.db", "containers"
"""Of the state folder: what is wanted; the folder of what containers have written."""


def default_socket() -> Path:
    """Where a daemon of the caller listens, and where clients look for it. UserError: somebody else is in its place."""
    if os.geteuid() == 0:
        return Path("/run/dataplane.sock")
    folder = runtime_folder()
    if folder is None:
        folder = _daemons()
        if folder.is_symlink() or folder.exists():
            checked(folder)
    return folder / "dataplane.sock"


def default_state() -> Path:
    """Where a daemon of the caller remembers what is wanted."""
    if os.geteuid() == 0:
        return ROOT_STATE
    home = os.environ.get("XDG_STATE_HOME", "")
    return Path(home) / "dataplane" if home.startswith("/") else Path.home() / ".local" / "state" / "dataplane"


def name_of(state: Path) -> str:
    """What the daemon of that state folder is called."""
    full = Path(os.path.realpath(state))
    if os.geteuid() == 0 and full == Path(os.path.realpath(ROOT_STATE)):
        return DEFAULT_NAME
    return f"d{hashlib.sha256(os.fsencode(full)).hexdigest()[:8]}"


def made_state(folder: Path) -> Path:
    """The state folder, made where it is not there: 0700, the caller's, or UserError."""
    try:
        folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        return checked(folder, "give another with --state")
    except OSError as error:
        raise UserError(
            f"the state folder cannot be made: {error.strerror}", where=str(folder), mend="give another with --state", status=1
        ) from None


def runtime(name: str) -> Path:
    """The folder of what runs, whether it is there or not."""
    return _daemons() / name


def made_runtime(name: str) -> Path:
    """The folder of what runs, made where it is not there. UserError when it is not safe to use."""
    return checked(checked(_daemons()) / name)


def _daemons() -> Path:
    """What runs of all daemons of the caller."""
    if os.geteuid() == 0:
        return Path("/run/dataplane-daemon")
    folder = runtime_folder()
    return folder / "dataplane-daemon" if folder is not None else Path(f"/tmp/dataplane-daemon-{os.geteuid()}")
