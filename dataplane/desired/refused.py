"""The error of a wish that cannot be granted, in Docker's words."""

from __future__ import annotations

from dataplane.errors import UserError


class Refused(UserError):  # noqa: N818 the domain's word
    """``what`` is Docker's own text, ``http`` the status of its API: 400 bad, 403 not allowed, 404 no such, 409 in the way, 500.

    ``status`` is 1 for the command line, which says 125 in `run` and `exec`."""

    def __init__(self, http: int, what: str, *, mend: str = "") -> None:
        super().__init__(what, mend=mend, status=1)
        self.http = http
