"""/dataplane/drops, /dataplane/routes …: the tables of the engine, as a lab's control socket has them. Paths of our own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from dataplane.api.call import Call
from dataplane.desired.refused import Refused
from dataplane.errors import UserError
from dataplane.looking.inside import Answer, Question
from dataplane.looking.tables import TABLES


def _asked(answer: Answer) -> Callable[[Call], Awaitable[web.StreamResponse]]:
    async def answering(call: Call) -> web.StreamResponse:
        try:
            return await answer(Question(call.request, call.daemon.inside, call.words))
        except Refused:
            raise
        except UserError as error:
            raise Refused(404 if error.status == 1 else 400, error.what, mend=error.mend) from None

    return answering


LOOKS = {f"{method} /dataplane/{path}": _asked(answer) for (method, path), answer in TABLES.items()}
"""By method and path."""
