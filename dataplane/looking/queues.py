"""What the kernel dropped before the engine could read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataplane.model import Endpoint
    from dataplane.proc.helper import Helper
    from dataplane.proc.spec import NamespaceRef


def dropped(helper: Helper, rooms: Iterable[tuple[NamespaceRef, Iterable[Endpoint]]]) -> Mapping[str, int]:
    """Frames that each endpoint's TAP dropped because its queue was full, by port: its tx_dropped, read inside its namespace.

    Blocking; an endpoint whose interface is gone is left out."""
    found: dict[str, int] = {}
    for namespace, endpoints in rooms:
        with helper.netlink(namespace) as ip:
            by_name = {link.get("IFLA_IFNAME"): link.get("IFLA_STATS64") for link in ip.get_links()}
        for endpoint in endpoints:
            counters = by_name.get(endpoint.interface)
            if counters is not None:
                found[endpoint.port] = int(counters["tx_dropped"])
    return found
