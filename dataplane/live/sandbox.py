"""The network namespace of an instance that has one to itself: made, given its interfaces, removed. Blocking."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.model import Endpoint, Instance, Plan
from dataplane.netns.step import Step, entering, ip_step
from dataplane.parents import wish
from dataplane.proc.spec import NamespaceRef

if TYPE_CHECKING:
    from pyroute2 import IPRoute

    from dataplane.proc.helper import Helper

MTU = "com.docker.network.driver.mtu"
LOOPBACK = "lo"
EVERYTHING = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}

Tell = Callable[[Step], None]


@dataclass(slots=True)
class Sandbox:
    """A namespace and the descriptors of its TAPs by port, for the engine to take."""

    namespace: NamespaceRef
    taps: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        """Close the TAPs that nobody took; they end with that."""
        while self.taps:
            os.close(self.taps.popitem()[1])


def make_sandbox(helper: Helper, plan: Plan, instance: Instance, tell: Tell) -> Sandbox:
    """The namespace that an instance's ``network_mode`` asks for, with all its interfaces up. Nothing is left when it fails."""
    namespace = _namespace(helper, plan, instance, tell)
    sandbox = Sandbox(namespace)
    try:
        for endpoint in instance.endpoints:
            sandbox.taps[endpoint.port] = helper.open_tap(namespace, endpoint.interface, mac=endpoint.mac)
            tell(
                ip_step(
                    namespace,
                    f"make {endpoint.interface}, port {endpoint.port}",
                    f"tuntap add {endpoint.interface} mode tap vnet_hdr",
                )
            )
            tell(ip_step(namespace, f"give it the MAC {endpoint.mac}", f"link set {endpoint.interface} address {endpoint.mac}"))
        _set_sysctls(helper, namespace, instance, tell)
        if namespace.owned or instance.endpoints:
            with helper.netlink(namespace) as ip:
                _configure(ip, plan, instance, namespace, tell)
    except BaseException:
        sandbox.close()
        helper.remove_namespace(namespace)
        raise
    return sandbox


def _namespace(helper: Helper, plan: Plan, instance: Instance, tell: Tell) -> NamespaceRef:
    mode, _, target = instance.service.network_mode.partition(":")
    if mode == "host":
        return helper.host_namespace(instance.name)
    if mode == "netns":
        return helper.enter_namespace(instance.name, target)
    tell(Step(f"make the namespace of {instance.name}", f"ip netns add {plan.name}-{instance.name}"))
    return helper.create_namespace(instance.name)


def _set_sysctls(helper: Helper, namespace: NamespaceRef, instance: Instance, tell: Tell) -> None:
    values = {**_ipv6_sysctls(namespace, instance), **_announcements(instance)}
    if values:
        helper.set_sysctls(namespace, values)
        words = " ".join(f"{key}={value}" for key, value in values.items())
        tell(Step("IPv6 as the networks want it; announce addresses when up", f"{entering(namespace)}sysctl -w {words}"))


def _ipv6_sysctls(namespace: NamespaceRef, instance: Instance) -> dict[str, str]:
    """IPv6: off where it is not wanted; else without duplicate address detection and router advertisements: addresses are given."""
    if not os.path.isdir("/proc/sys/net/ipv6"):  # noqa: PTH112 - one stat(2)
        return {}
    if namespace.owned and not any(endpoint.ipv6 for endpoint in instance.endpoints):
        return {"net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1"}
    values: dict[str, str] = {}
    for endpoint in instance.endpoints:
        place = f"net/ipv6/conf/{endpoint.interface}"
        values |= {f"{place}/accept_dad": "0", f"{place}/accept_ra": "0"} if endpoint.ipv6 else {f"{place}/disable_ipv6": "1"}
    return values


def _announcements(instance: Instance) -> dict[str, str]:
    """Each interface says where it is when it comes up (a gratuitous ARP, RFC 5227 section 3; an unsolicited advertisement)."""
    values = {}
    for endpoint in instance.endpoints:
        if endpoint.ipv4:
            values[f"net/ipv4/conf/{endpoint.interface}/arp_notify"] = "1"
        if endpoint.ipv6:
            values[f"net/ipv6/conf/{endpoint.interface}/ndisc_notify"] = "1"
    return values


def _configure(ip: IPRoute, plan: Plan, instance: Instance, namespace: NamespaceRef, tell: Tell) -> None:
    from dataplane.netns.address import add_address
    from dataplane.netns.link import set_arp_off, set_mtu, set_up

    if namespace.owned:
        tell(set_up(ip, namespace, LOOPBACK))
    for endpoint in instance.endpoints:
        network = plan.networks[endpoint.network]
        name = endpoint.interface
        mtu = int(network.options.get(MTU, 1500))
        if mtu != 1500:
            tell(set_mtu(ip, namespace, name, mtu))
        for pool in network.pools:
            for address in (endpoint.ipv4, endpoint.ipv6):
                if address is not None and address.version == pool.subnet.version and address in pool.subnet:
                    tell(add_address(ip, namespace, name, address, pool.subnet.prefixlen))
        if network.driver == "ipvlan" and wish(network).l3:
            tell(set_arp_off(ip, namespace, name))
        tell(set_up(ip, namespace, name))
    _set_routes(ip, instance, namespace, tell)


def _set_routes(ip: IPRoute, instance: Instance, namespace: NamespaceRef, tell: Tell) -> None:
    """Default routes, IPv4 and IPv6. A namespace that a user made may have its own: those stay."""
    from dataplane.netns.route import Route, add_route

    for route in instance.routes:
        everything = EVERYTHING[route.gateway.version]
        try:
            via = None if route.gateway.is_unspecified else route.gateway
            tell(add_route(ip, namespace, Route(destination=everything, dev=route.interface, via=via)))
        except UserError as error:
            if namespace.owned:
                raise
            tell(Step(f"left out: {error.what}", error.where))


def remove_sandbox(helper: Helper, sandbox: Sandbox, endpoints: tuple[Endpoint, ...], tell: Tell) -> None:
    """Let go of the namespace, once the engine has closed its TAPs. One that a user made stays."""
    sandbox.close()
    for endpoint in endpoints:
        tell(ip_step(sandbox.namespace, f"remove {endpoint.interface}", f"link delete {endpoint.interface}"))
    helper.remove_namespace(sandbox.namespace)
    if sandbox.namespace.owned:
        tell(Step(f"remove the namespace of {sandbox.namespace.name}", f"ip netns delete {helper.lab}-{sandbox.namespace.name}"))
