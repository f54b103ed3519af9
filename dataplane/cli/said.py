"""An error that is printed as it stands: in Docker's words and shape."""

from __future__ import annotations

from dataplane.client.refusal import Refusal
from dataplane.errors import UserError


def refused(error: Refusal) -> str:
    """A daemon's refusal as Docker words it; what mends it in a line of its own."""
    text = f"Error response from daemon: {error.what}"
    return f"{text}\n  mend:  {error.mend}" if error.mend else text


class Said(UserError):  # noqa: N818 the domain's word
    """``what`` may have several lines; nothing is put in front of it or behind it."""

    def __init__(self, what: str, *, status: int = 1) -> None:
        super().__init__(what, status=status)
