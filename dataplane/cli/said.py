"""An error that is printed as it stands: in Docker's words and shape."""

from __future__ import annotations

from dataplane.errors import UserError


class Said(UserError):  # noqa: N818 the domain's word
    """``what`` may have several lines; nothing is put in front of it or behind it."""

    def __init__(self, what: str, *, status: int = 1) -> None:
        super().__init__(what, status=status)
