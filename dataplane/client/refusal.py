"""The error of a daemon's answer."""

from __future__ import annotations

from dataplane.errors import UserError


class Refusal(UserError):  # noqa: N818 the domain's word
    """The daemon said no: ``what`` in its own words, ``http`` the status of its answer."""

    def __init__(self, http: int, what: str, mend: str = "") -> None:
        super().__init__(what, mend=mend, status=1)
        self.http = http
