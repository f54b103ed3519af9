"""Routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dataplane.model import IPAddress, IPNetwork
from dataplane.netns.link import index_of
from dataplane.netns.step import Step, ip_step, refusing
from dataplane.proc.spec import NamespaceRef

if TYPE_CHECKING:
    from pyroute2 import IPRoute

# As `ip route` marks what it adds (linux/rtnetlink.h).
_RTPROT_BOOT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route to ``destination`` (of prefix length 0: the default route) out of ``dev``, by the gateway ``via`` or directly."""

    destination: IPNetwork
    dev: str
    via: IPAddress | None = None
    metric: int | None = None

    def words(self) -> str:
        """As ``ip route`` takes it. The family is said by 0.0.0.0/0 and ::/0, which the word default does not say."""
        via = f" via {self.via}" if self.via is not None else ""
        metric = f" metric {self.metric}" if self.metric is not None else ""
        return f"{self.destination}{via} dev {self.dev}{metric}"


def add_route(ip: IPRoute, namespace: NamespaceRef, route: Route) -> Step:
    """Add a route."""
    return _do("add", ip, namespace, route)


def delete_route(ip: IPRoute, namespace: NamespaceRef, route: Route) -> Step:
    """Take a route away."""
    return _do("delete", ip, namespace, route)


def _do(verb: str, ip: IPRoute, namespace: NamespaceRef, route: Route) -> Step:
    spec: dict[str, object] = {"dst": str(route.destination), "oif": index_of(ip, namespace, route.dev), "proto": _RTPROT_BOOT}
    if route.via is not None:
        spec["gateway"] = str(route.via)
    if route.metric is not None:
        spec["priority"] = route.metric
    step = ip_step(namespace, f"{verb} the route to {route.destination}", f"route {verb} {route.words()}")
    with refusing(step):
        ip.route("del" if verb == "delete" else verb, **spec)
    return step
