"""The lab's nftables table as text for ``nft -f -`` (nft(8)). Pure; a range of ports is one element of a set.

Loaded, it takes the place of the table that was there, in one transaction: no packet sees half of it, and established flows keep
their translation.
"""

from __future__ import annotations

from collections.abc import Iterator

from dataplane.hostnet.published import published
from dataplane.hostnet.rules import HostRules

FAMILY = {4: "ip", 6: "ip6"}


def removal(table: str) -> str:
    """Remove the table, whether it is there or not."""
    return f"table inet {table}\ndelete table inet {table}\n"


def script(rules: HostRules) -> str:
    """The lab's table, in the place of an older one."""
    chains = "\n".join([_guard(rules), *_ways(rules), _kept(rules), _outward(rules), _forward(rules)])
    return f"{removal(rules.table)}table inet {rules.table} {{\n{chains}}}\n"


def _chain(name: str, kind: str, *lines: str) -> str:
    head = [f"type {kind}; policy accept;"] if kind else []
    return "".join([f"\tchain {name} {{\n", *(f"\t\t{line}\n" for line in [*head, *lines]), "\t}\n"])


def _guard(rules: HostRules) -> str:
    """Before any translation: nobody but the host speaks to the transfer network (others answer, as another lab does whose port
    was asked for), and no container to the host's 127.0.0.0/8, which route_localnet would else allow."""
    others = f'iifname != {{ "lo", "{rules.tap}" }} ct direction original'
    lines = [f'iifname "{rules.tap}" ip daddr 127.0.0.0/8 drop']
    if rules.router4 is not None:
        lines.append(f"{others} ip daddr {rules.router4.network} drop")
    if rules.router6 is not None:
        lines.append(f"{others} ip6 daddr {rules.router6.network} drop")
    return _chain("guard", "filter hook prerouting priority mangle", *lines)


def _ways(rules: HostRules) -> Iterator[str]:
    """Published ports: from outside in prerouting, from the host itself in output. ::1 and fe80::/10 go to the relay."""
    lines = list(published(rules))
    if not lines:
        return
    yield _chain("published", "", *lines)
    go = ("ip6 daddr { ::1, fe80::/10 } return", "fib daddr type local jump published")
    yield _chain("inward", "nat hook prerouting priority dstnat", *go)
    yield _chain("inward-local", "nat hook output priority -100", *go)


def _kept(rules: HostRules) -> str:
    """What the host forwards to the lab keeps its source: masqueraded by rules of others (Docker's, another lab's) it would come
    from the host's own address, which may reach every container. Before those rules, for a flow is translated once."""
    forwarded = f'iifname != "{rules.tap}" oifname "{rules.tap}" fib saddr type != local counter'
    lines = [
        f"{forwarded} snat {FAMILY[version]} to {FAMILY[version]} saddr" for version in (4, 6) if rules.router(version) is not None
    ]
    return _chain("kept", "nat hook postrouting priority srcnat - 1", *lines)


def _outward(rules: HostRules) -> str:
    """What leaves: 127.0.0.1 is nobody's address outside, a container's neither, unless its network is routed."""
    lines = [f'oifname "{rules.tap}" ip saddr 127.0.0.0/8 counter masquerade']
    # To a published port by the host's address, and back by where it came from.
    lines.append(f'iifname "{rules.tap}" oifname "{rules.tap}" counter masquerade')
    for version, family in FAMILY.items():
        subnets = ", ".join(str(subnet) for subnet in rules.routed if subnet.version == version)
        if subnets:
            lines.append(f'iifname "{rules.tap}" {family} saddr {{ {subnets} }} counter accept')
    for subnet, address in rules.sources:
        family = FAMILY[subnet.version]
        lines.append(f'iifname "{rules.tap}" {family} saddr {subnet} counter snat {family} to {address}')
    lines.append(f'iifname "{rules.tap}" counter masquerade')
    return _chain("outward", "nat hook postrouting priority srcnat", *lines)


def _forward(rules: HostRules) -> str:
    lines = (f'iifname "{rules.tap}" counter accept', f'oifname "{rules.tap}" counter accept')
    return _chain("forward", "filter hook forward priority filter", *lines)
