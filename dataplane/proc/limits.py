"""Limits of a command."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Sequence

from dataplane.ulimits import LIMITS


def limit(wanted: Iterable[Sequence[str | int]]) -> None:
    """Set them for the caller: (name, soft, hard) each, -1 is no limit. OSError: not allowed, or more than the kernel has."""
    for name, soft, hard in wanted:
        try:
            resource.setrlimit(LIMITS[str(name)], (int(soft), int(hard)))
        except ValueError as error:  # how this module words EPERM and EINVAL
            raise PermissionError(1, str(error)) from None
