"""The rules that send packets for published ports to the engine. Pure.

One rule for each protocol, IP version and address, whatever the number of ports; ports that change on the way (two publications
of one port, on different addresses of the host) stand in a map, element by element: nftables shifts no ranges.
"""

from __future__ import annotations

from collections.abc import Iterator

from dataplane.hostnet.rules import HostRules, Way


def published(rules: HostRules) -> Iterator[str]:
    """The lines of the chain. Those for one address of the host come first: they win over those for all."""
    for version, family in ((4, "ip"), (6, "ip6")):
        router = rules.router(version)
        if router is None:
            continue
        chosen = [way for way in rules.ways if version in way.versions and _meets(way, version)]
        bound = {way.host_ip for way in chosen if way.host_ip is not None and not way.host_ip.is_unspecified}
        for host_ip in sorted(bound, key=int):
            some = [way for way in chosen if way.host_ip == host_ip]
            yield from _lines(some, f"{family} daddr {host_ip}", family, str(router))
        every = [way for way in chosen if way.host_ip is None or way.host_ip.is_unspecified]
        yield from _lines(every, f"meta nfproto ipv{version}", family, str(router))


def _meets(way: Way, version: int) -> bool:
    """[::1] is never translated: the kernel takes no packet from ::1 that leaves by another interface than lo."""
    return way.host_ip is None or (way.host_ip.version == version and not (version == 6 and way.host_ip.is_loopback))


def _lines(ways: list[Way], match: str, family: str, router: str) -> Iterator[str]:
    for protocol in dict.fromkeys(way.protocol for way in ways):
        mine = [way for way in ways if way.protocol == protocol]
        same = ", ".join(_range(way) for way in sorted(mine, key=lambda way: way.first) if way.transfer == way.first)
        if same:
            yield f"{match} {protocol} dport {{ {same} }} counter dnat {family} to {router}"
        moved = ", ".join(
            f"{way.first + number} : {router} . {way.transfer + number}"
            for way in mine
            if way.transfer != way.first
            for number in range(way.last - way.first + 1)
        )
        if moved:
            yield f"{match} counter dnat {family} to {protocol} dport map {{ {moved} }}"


def _range(way: Way) -> str:
    return str(way.first) if way.first == way.last else f"{way.first}-{way.last}"
