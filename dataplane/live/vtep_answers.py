"""What the control socket answers about a lab's overlays."""

from __future__ import annotations

from aiohttp import web

from dataplane.errors import UserError
from dataplane.live import questions, vtep_view
from dataplane.live.state import LAB
from dataplane.live.vtep_rows import VtepsRow
from dataplane.overlays import is_overlay

SHOWN, MOST = 1000, 1 << 28


async def get_vteps(request: web.Request) -> web.StreamResponse:
    """A VtepsRow: of every overlay, or of ?network=, then with the stations behind other VTEPs, ?limit= of them at most."""
    lab, network = request.app[LAB], request.query.get("network")
    limit = questions.integer(request, "limit", SHOWN, low=0, high=MOST)
    if network is not None and (lab.plan is None or network not in lab.plan.networks or not is_overlay(lab.plan.networks[network])):
        known = ", ".join(key for key, one in lab.plan.networks.items() if is_overlay(one)) if lab.plan else "not up yet"
        raise UserError(f"lab {lab.name} has no overlay {network}", mend=f"its overlays: {known or 'none'}", status=1)
    tables = await lab.engine.call(lambda plane: vtep_view.read(plane, network, limit))
    found: VtepsRow = {
        "overlays": vtep_view.overlay_rows(tables, lab.plan, network) if lab.plan is not None else [],
        "counters": tables["counters"],
        "warnings": [sentence for sentences in list(lab.host.underlays.warnings.values()) for sentence in sentences],
    }
    return web.json_response(found)
