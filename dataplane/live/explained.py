"""What went wrong in a lab's process, as its user is told."""

from __future__ import annotations

import errno
import os

from dataplane.errors import UserError
from dataplane.proc import registry


def explained(error: Exception) -> UserError:
    """A full disk by its name, what nobody foresaw as the bug that it is."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(registry.base_folder())
        return UserError(
            f"the state folder cannot be written: {error.strerror}", where=where, mend="make room there, then up again", status=1
        )
    return UserError(f"the lab process failed: {type(error).__name__}: {error}", mend="this is a bug; please report it", status=1)
