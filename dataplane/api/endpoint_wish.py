"""What a request says of an endpoint, as a wish. HEAD's words for addresses that are none."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from dataplane.api.asked_network import EndpointSettings
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish
from dataplane.model import IPAddress


def endpoint_wish(asked: EndpointSettings | None) -> EndpointWish:
    """Of EndpointSettings; None asks for nothing special."""
    if asked is None:
        return EndpointWish()
    wrong: list[str] = []
    ipam = asked.IPAMConfig
    ipv4 = _address(ipam.IPv4Address, "IPv4 address", wrong)
    ipv6 = _address(ipam.IPv6Address, "IPv6 address", wrong)
    local = [_address(text, "link-local IP address", wrong) for text in ipam.LinkLocalIPs]
    if ipv4 is not None and not isinstance(ipv4, IPv4Address):
        wrong.append(f"invalid IPv4 address: {ipam.IPv4Address}")
    if ipv6 is not None and not isinstance(ipv6, IPv6Address):
        wrong.append(f"invalid IPv6 address: {ipam.IPv6Address}")
    if wrong:
        raise Refused(400, "invalid endpoint settings:\n" + "\n".join(wrong))
    return EndpointWish(
        ipv4=ipv4,
        ipv6=ipv6,
        link_local=tuple(address for address in local if address is not None),
        mac=asked.MacAddress,
        aliases=tuple(asked.Aliases),
        links=links(asked.Links),
        gw_priority=asked.GwPriority,
        driver_opts=dict(asked.DriverOpts),
    )


def links(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`container:alias`, or the container alone; names with Docker's slash or without."""
    found = []
    for text in texts:
        target, colon, alias = text.partition(":")
        target = target.removeprefix("/")
        alias = alias.rpartition("/")[2] if colon else target
        if not target or not alias or ":" in alias:
            raise Refused(400, f"bad format for links: {text[:128]}")
        found.append((target, alias))
    return tuple(found)


def _address(text: str, kind: str, wrong: list[str]) -> IPAddress | None:
    if not text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        wrong.append(f"invalid {kind}: {text[:64]}")
        return None
