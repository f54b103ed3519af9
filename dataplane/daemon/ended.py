"""What is asked of a core that has ended."""

from __future__ import annotations

from dataplane.desired.refused import Refused


class EndedError(Refused):
    """Nothing changes any more: the next daemon sees for itself what has happened."""

    def __init__(self) -> None:
        super().__init__(503, "the daemon is being stopped", mend="ask again once it has been started")
