"""The one kind of error a user sees: what is wrong, where it stands, how to mend it."""

from __future__ import annotations


class UserError(Exception):
    """Wrong words, a wrong file, or a machine that cannot do what was asked.

    ``what`` is one sentence without a full stop, ``where`` a place a person can go to (``lab.yaml:12: services.web.ports``),
    ``mend`` what to do about it. ``status`` is the exit status of the command line: 2 the words were wrong, 1 the work failed.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "", status: int = 2) -> None:
        self.what = what
        self.where = where
        self.mend = mend
        self.status = status
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  mend: {self.mend}" if self.mend else head
