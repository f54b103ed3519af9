"""The names that each instance resolves, as its /etc/hosts. Pure.

An instance knows those it shares a network with, by the names that Docker's DNS would answer to there: instance, service,
aliases, and each of these followed by the network's name.
"""

from __future__ import annotations

from functools import lru_cache

from dataplane.model import HOST_GATEWAY, Endpoint, Instance, IPAddress, Plan
from dataplane.sandbox import sandbox_of

Row = tuple[str, tuple[str, ...]]
LOCAL = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""


def hosts(plan: Plan, instance: str) -> tuple[Row, ...]:
    """Address and names, a row each: extra_hosts first (they win), then itself, then its neighbours in the file's order,
    which have the names that its ``links`` give them, for it alone, as well.

    An instance that shares another's namespace (``service:X``) sees that one's neighbours, and its own extra_hosts.
    """
    service = plan.instances[instance].service
    owner = plan.instances[sandbox_of(plan, instance)]
    rows: list[Row] = [(address, (name,)) for name, written in service.extra_hosts for address in _the_host(owner, written)]
    joined = {endpoint.network for endpoint in owner.endpoints}
    everyone = [e for e in plan.endpoints() if e.network in joined]
    for endpoint in sorted(everyone, key=lambda e: e.instance != owner.name):
        names = _names(plan, endpoint)
        if service.links:
            links = tuple(alias for target, alias in service.links if target == plan.instances[endpoint.instance].service.name)
            names = tuple(dict.fromkeys((*names, *links)))
        rows += [(address, names) for address in _addresses(endpoint)]
    return tuple(rows)


def _the_host(owner: Instance, written: str) -> tuple[str, ...]:
    """Where ``host-gateway`` is: at the gateways of the default routes; for who lives in the host's namespace, here."""
    if written != HOST_GATEWAY:
        return (written,)
    if owner.service.network_mode == "host":
        return ("127.0.0.1",)
    return tuple(str(route.gateway) for route in owner.routes if not route.gateway.is_unspecified)


def hosts_file(plan: Plan, instance: str, base: str = LOCAL) -> str:
    """The text of the instance's /etc/hosts (hosts(5)); `base` comes first: for ``network_mode: host`` the host's own."""
    rows = hosts(plan, instance)
    hostname = plan.instances[instance].service.hostname or instance
    if base == LOCAL and not any(hostname in names for _, names in rows):
        rows = (("127.0.1.1", (hostname,)), *rows)
    return base + "".join(f"{address}\t{' '.join(names)}\n" for address, names in rows)


def _addresses(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(_written(address) for address in (endpoint.ipv4, endpoint.ipv6) if address is not None)


# Every instance's file has a line for every neighbour: the same lines, asked for again and again.
@lru_cache(maxsize=1 << 16)
def _written(address: IPAddress) -> str:
    return str(address)


def _names(plan: Plan, endpoint: Endpoint) -> tuple[str, ...]:
    service = plan.instances[endpoint.instance].service
    own = (endpoint.instance, service.name, *endpoint.aliases, *((service.hostname,) if service.hostname else ()))
    # The network by its name outside, and by its key where that differs: it is what the file calls it.
    return _with_network(own, plan.networks[endpoint.network].name, endpoint.network)


@lru_cache(maxsize=1 << 16)
def _with_network(own: tuple[str, ...], *networks: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*own, *(f"{name}.{network}" for network in networks for name in own))))
