"""What a user asks of one network for one container: checked, and kept as an `Attachment`. Pure; the words are Docker's."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from dataplane.desired.networks import is_default
from dataplane.desired.pools import joined
from dataplane.desired.records import NetworkRecord
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish
from dataplane.interfaces import IFNAME, LONGEST
from dataplane.model import Attachment, IPAddress

SYSCTLS = "com.docker.network.endpoint.sysctls"
_MAC = re.compile(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}", re.ASCII)


def attachment(record: NetworkRecord, wish: EndpointWish) -> Attachment:
    """Refused 400: all that cannot be, a line each; 403: nobody can join this network."""
    if record.config_only:
        raise Refused(
            403, "cannot add endpoint to a configuration-only network", mend=f"make one of it: --config-from {record.name}"
        )
    wrong = [*_special(record, wish), *_addresses(record, wish), *_sysctls(wish)]
    if wish.mac and not _is_mac(wish.mac):
        raise Refused(400, f"{wish.mac} is not a valid mac address", mend="six pairs of digits, the first even: 02:42:0a:00:00:05")
    if wish.mac and record.driver == "ipvlan":
        raise Refused(
            400, "ipvlan interfaces do not support custom mac address assignment", mend="leave the MAC out, or use macvlan"
        )
    if wrong:
        raise Refused(400, f"invalid endpoint settings:\n{joined(wrong)}", mend=_mend(record, wish))
    _require_interface(wish.driver_opts.get(IFNAME))
    return Attachment(
        network=record.id,
        aliases=tuple(dict.fromkeys(wish.aliases)),
        ipv4_address=IPv4Address(int(wish.ipv4)) if wish.ipv4 is not None else None,
        ipv6_address=IPv6Address(int(wish.ipv6)) if wish.ipv6 is not None else None,
        mac_address=wish.mac.lower().replace("-", ":") or None,
        gw_priority=wish.gw_priority,
        driver_opts=wish.driver_opts,
        links=wish.links,
        link_local=wish.link_local,
    )


def _special(record: NetworkRecord, wish: EndpointWish) -> list[str]:
    """The default bridge, and networks without a bridge, have neither addresses of one's choice nor names."""
    wrong = []
    if is_default(record) or record.predefined:
        if wish.ipv4 is not None or wish.ipv6 is not None:
            wrong.append("user specified IP address is supported on user defined networks only")
        if wish.aliases:
            wrong.append("network-scoped alias is supported only for containers in user defined networks")
    return wrong


def _addresses(record: NetworkRecord, wish: EndpointWish) -> list[str]:
    wrong = []
    for address, version in ((wish.ipv4, 4), (wish.ipv6, 6)):
        if address is None:
            continue
        if address.version != version or address.is_unspecified or getattr(address, "scope_id", None):
            wrong.append(f"invalid IPv{version} address: {address}")
        elif not record.predefined and not any(_inside(address, pool.subnet) for pool in record.pools):
            wrong.append(f"no configured subnet contains IP address {address}")
    for one in wish.link_local:
        if one.is_unspecified:
            wrong.append(f"invalid link-local IP address: {one}")
        elif not one.is_link_local:
            wrong.append(f"invalid link local IP address: {one}")
        elif one.version == 6 and not record.enable_ipv6:
            wrong.append(f"invalid link local IP address: {one}: the network has no IPv6")
    return wrong


def _inside(address: IPAddress, subnet: object) -> bool:
    return address in subnet  # type: ignore[operator]


def _sysctls(wish: EndpointWish) -> list[str]:
    wrong = []
    for sysctl in wish.driver_opts.get(SYSCTLS, "").split(",") if SYSCTLS in wish.driver_opts else ():
        parts = sysctl.split(".", 4)
        if len(parts) != 5 or parts[1] not in {"ipv4", "ipv6", "mpls"} or parts[3] not in {"IFNAME", "ifname"}:
            wrong.append(
                f"unrecognised network interface sysctl '{sysctl}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', "
                "'X' must be 'ipv4', 'ipv6' or 'mpls'"
            )
    return wrong


def _is_mac(text: str) -> bool:
    """Of one station: six octets, not a group's, not all zero (IEEE 802, 8.2)."""
    octets = bytes.fromhex(re.sub("[:-]", "", text)) if _MAC.fullmatch(text) else b""
    return any(octets) and not octets[0] & 1


def _require_interface(name: str | None) -> None:
    if name is None:
        return
    if not 0 < len(name) <= LONGEST or name in {".", "..", "lo", "all", "default"} or re.search(r"[/:%\s]", name):
        raise Refused(
            400,
            f"{name!r} cannot be the name of an interface",
            mend=f"1 to {LONGEST} characters, without spaces, slashes, colons and percent signs, and not lo",
        )


def _mend(record: NetworkRecord, wish: EndpointWish) -> str:
    if _special(record, wish):
        return "leave it out, or use a network of your own: network create"
    if not _addresses(record, wish):
        return ""  # the words say how
    subnets = ", ".join(str(pool.subnet) for pool in record.pools)
    return f"the subnets of {record.name} are {subnets}" if subnets else f"{record.name} has no subnet"
