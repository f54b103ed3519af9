"""A container's /etc/hosts (hosts(5)) and /etc/hostname as Docker writes them, and how a user's own lines survive a change."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from dataplane.desired.records import ContainerRecord, EndpointRecord, State
from dataplane.dns.zone import addresses_of, endpoints_of
from dataplane.model import HOST_GATEWAY, IPAddress
from dataplane.names import LOCAL

LOCAL4 = "127.0.0.1\tlocalhost\n"
WITHOUT_IPV6 = ("net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.lo.disable_ipv6")
"""Set to 1 by the user (``--sysctl``): the container's loopback interface has no ::1."""


def hostname(container: ContainerRecord) -> str:
    """How it calls itself."""
    return container.hostname or container.short


def hosts(state: State, container: ContainerRecord) -> str:
    """Whom it knows without asking: what ``--add-host`` says, those that it is linked to on the default bridge, and itself, by each
    of its addresses. With IPv6, as in Docker, unless it is off on its loopback interface."""
    own = endpoints_of(state, container)
    ipv6 = not any(container.sysctls.get(key) == "1" for key in WITHOUT_IPV6)
    rows = [*_extra(state, container, own), *_linked(state, container), *_itself(container, own)]
    lines = (f"{address}\t{names}\n" for address, names in rows if ipv6 or address.version == 4)
    return (LOCAL if ipv6 else LOCAL4) + "".join(lines)


def _extra(state: State, container: ContainerRecord, own: tuple[EndpointRecord, ...]) -> Iterator[tuple[IPAddress, str]]:
    for name, written in container.extra_hosts:
        if written == HOST_GATEWAY:
            here = [ip_address("127.0.0.1")] if container.network_mode == "host" else list(_gateways(state, own))
            yield from ((address, name) for address in here)
        else:
            yield ip_address(written.strip("[]")), name


def _gateways(state: State, own: tuple[EndpointRecord, ...]) -> Iterator[IPAddress]:
    """Where the host is: the gateway of the first network that has one, a family each."""
    seen = set()
    for record in own:
        for pool in state.networks[record.network].pools:
            if pool.gateway is not None and pool.gateway.version not in seen:
                seen.add(pool.gateway.version)
                yield pool.gateway


def _linked(state: State, container: ContainerRecord) -> Iterator[tuple[IPAddress, str]]:
    """Links on the default bridge: the alias, the hostname, the name. Elsewhere they are names that the embedded server answers."""
    bridge = next((key for key in container.attachments if key in state.networks and state.networks[key].name == "bridge"), None)
    for target, alias in container.links if bridge is not None else ():
        record = state.endpoints.get((target, bridge or ""))
        if record is not None:
            linked = state.containers[target]
            names = " ".join(dict.fromkeys((alias, hostname(linked), linked.name)))
            yield from ((address, names) for address in addresses_of(record))


def _itself(container: ContainerRecord, own: tuple[EndpointRecord, ...]) -> Iterator[tuple[IPAddress, str]]:
    full = f"{hostname(container)}.{container.domainname}" if container.domainname else hostname(container)
    short, dot, _ = full.partition(".")
    names = f"{full} {short}" if dot else full
    for record in own:
        yield from ((address, names) for address in addresses_of(record))


def merged(now: str, before: str, after: str) -> str:
    """The file as it is ``now``, with the lines of ``before`` that are not in ``after`` taken out and the new ones put at its end:
    what a user has written into it stays."""
    if now == before:
        return after
    gone = set(before.splitlines()) - set(after.splitlines())
    kept = [line for line in now.splitlines() if line not in gone]
    new = [line for line in after.splitlines() if line not in set(kept) and line not in set(before.splitlines())]
    return "".join(f"{line}\n" for line in (*kept, *new))
