"""The uplink's interface on the host: a TAP of ours, addressed, with routes to the lab's subnets; or a real interface. Blocking."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.wire import HostWire
from dataplane.model import IPNetwork
from dataplane.netns.route import Route
from dataplane.netns.step import Step, entering, ip_step
from dataplane.outside import Outside
from dataplane.proc.spec import NamespaceRef

if TYPE_CHECKING:
    from dataplane.proc.helper import Helper

Tell = Callable[[Step], None]
DEFAULT_MTU = 1500


def require_free(uplink: Outside, facts: Facts) -> None:
    """UserError: the host has an interface of that name, which is not ours."""
    if uplink.name in facts.addresses:
        raise UserError(
            f"the host has an interface {uplink.name} already",
            where=f"x-dataplane.uplink.name: {uplink.name}",
            mend=f"give the uplink another name, or remove that one: ip link delete {uplink.name}",
            status=1,
        )


def make_tap(helper: Helper, namespace: NamespaceRef, uplink: Outside, facts: Facts, tell: Tell, *, stays: bool = False) -> int:
    """A descriptor of the TAP, up and addressed, as ``told`` says; ``tell``: what it does not. ``stays``: it outlives that.

    When it fails nothing is left; of one that stays, what ``undo`` takes back."""
    require_free(uplink, facts)
    name = uplink.name or ""
    fd = helper.open_tap(namespace, name, mac=uplink.gateway_mac, stays=stays)
    try:
        values = _sysctls(uplink)
        if values:
            helper.set_sysctls(namespace, values)
            words = " ".join(f"{key}={value}" for key, value in values.items())
            tell(Step(_meaning(uplink), f"{entering(namespace)}sysctl -w {words}"))
        wire = HostWire(helper.netlink_socket(namespace))
        try:
            _configure(wire, namespace, uplink, tell)
        finally:
            wire.close()
    except BaseException:
        os.close(fd)
        raise
    return fd


def take_up(helper: Helper, namespace: NamespaceRef, uplink: Outside, facts: Facts) -> int | None:
    """A descriptor of the TAP that an earlier process left; None: there is none, or it has other addresses.

    It was never down meanwhile: what the host knows of flows by it, and of the addresses that it gave them, is still so."""
    name = uplink.name or ""
    if name not in facts.addresses:
        return None
    if {one for one in facts.addresses[name] if not one.is_link_local} != {uplink.gateway4, uplink.gateway6} - {None}:
        return None
    fd = helper.open_tap(namespace, name, stays=True)
    try:
        wire = HostWire(helper.netlink_socket(namespace))
        try:
            wire.set_link(name, up=True, mtu=uplink.mtu)
        finally:
            wire.close()
    except BaseException:
        os.close(fd)
        raise
    return fd


def _sysctls(uplink: Outside) -> dict[str, str]:
    """Before it is up: addresses are given, so that nothing is asked for or checked; without IPv6, none at all."""
    if not os.path.isdir("/proc/sys/net/ipv6"):  # noqa: PTH112 - one stat(2)
        return {}
    place = f"net/ipv6/conf/{uplink.name}"
    if uplink.gateway6 is None:
        return {f"{place}/disable_ipv6": "1"}
    return {f"{place}/accept_dad": "0", f"{place}/accept_ra": "0"}


def _meaning(uplink: Outside) -> str:
    if uplink.gateway6 is None:
        return f"no IPv6 on {uplink.name}"
    return f"{uplink.name} has its addresses from us: it waits for no advertisement, nor whether somebody has them"


def _configure(wire: HostWire, namespace: NamespaceRef, uplink: Outside, tell: Tell) -> None:
    name = uplink.name or ""
    if uplink.mtu != DEFAULT_MTU:
        wire.set_link(name, mtu=uplink.mtu)
        tell(ip_step(namespace, f"set the MTU of {name} to {uplink.mtu}", f"link set {name} mtu {uplink.mtu}"))
    for ours, theirs in ((uplink.ipv4, uplink.gateway4), (uplink.ipv6, uplink.gateway6)):
        if ours is not None and theirs is not None:
            wire.add_address(name, f"{theirs}/{ours.network.prefixlen}")
    wire.set_link(name, up=True)


def set_tap_sysctls(helper: Helper, namespace: NamespaceRef, values: dict[str, str], tell: Tell) -> None:
    """Let packets through it."""
    helper.set_sysctls(namespace, values)
    words = " ".join(f"{key}={value}" for key, value in values.items())
    tell(Step("it forwards, also what 127.0.0.1 is translated to", f"{entering(namespace)}sysctl -w {words}"))


def route_to(uplink: Outside, subnet: IPNetwork) -> Route:
    """The host's route to a subnet of the lab."""
    via = uplink.ipv4 if subnet.version == 4 else uplink.ipv6
    assert via is not None
    return Route(destination=subnet, dev=uplink.name or "", via=via.ip)


def change_routes(
    wire: HostWire, namespace: NamespaceRef, uplink: Outside, change: tuple[Iterable[IPNetwork], Iterable[IPNetwork]], tell: Tell
) -> list[UserError]:
    """``change``: subnets whose routes are deleted, and whose are added. What the host refuses is returned, not raised."""
    refused = []
    for work, subnets in zip((wire.delete_route, wire.add_route), change, strict=True):
        for subnet in subnets:
            try:
                tell(work(namespace, route_to(uplink, subnet)))
            except UserError as error:
                refused.append(error)
    return refused


def told(uplink: Outside, namespace: NamespaceRef) -> Step:
    """What was made, in a line."""
    name = uplink.name or ""
    if uplink.kind == "packet":
        return ip_step(namespace, f"packet socket on {name}, with a MAC of our own", f"link show {name}")
    sides = ((uplink.gateway4, uplink.ipv4), (uplink.gateway6, uplink.ipv6))
    addresses = [f"{theirs}/{ours.network.prefixlen}" for theirs, ours in sides if ours and theirs]
    begin = f"{entering(namespace)}ip"
    commands = [f"{begin} tuntap add {name} mode tap vnet_hdr", f"{begin} link set {name} up"]
    commands += [f"{begin} address add {address} dev {name}{' nodad' * (':' in address)}" for address in addresses]
    return Step(f"interface {name}, {', '.join(addresses)}", "; ".join(commands))
