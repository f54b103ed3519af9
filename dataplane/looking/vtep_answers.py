"""Questions about overlays."""

from __future__ import annotations

from aiohttp import web

from dataplane.errors import UserError
from dataplane.looking import questions, vtep_view
from dataplane.looking.inside import Question
from dataplane.looking.vtep_rows import VtepsRow
from dataplane.overlays import is_overlay

SHOWN, MOST = 1000, 1 << 28


async def get_vteps(asked: Question) -> web.StreamResponse:
    """A VtepsRow: of every overlay, or of ?network=, then with the stations behind other VTEPs, ?limit= of them at most."""
    plan, text = asked.inside.plan, asked.request.query.get("network")
    network = None if text is None else asked.inside.network(text)
    limit = questions.integer(asked.request, "limit", SHOWN, low=0, high=MOST)
    if plan is not None and network is not None and not is_overlay(plan.networks[network]):
        known = ", ".join(key for key, one in plan.networks.items() if is_overlay(one))
        raise UserError(f"{network} is no overlay", mend=f"overlays here: {known or 'none'}", status=1)
    tables = await asked.inside.call(lambda plane: vtep_view.read(plane, network, limit))
    found: VtepsRow = {
        "overlays": vtep_view.overlay_rows(tables, plan, network) if plan is not None else [],
        "counters": tables["counters"],
        "warnings": list(asked.inside.warnings),
    }
    return web.json_response(found)
