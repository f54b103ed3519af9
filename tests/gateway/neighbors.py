"""Neighbors that answer: ARP for IPv4, neighbor discovery for IPv6, the same verbs for both (RFC 826, RFC 4861)."""

from __future__ import annotations

import socket

from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    in6_getnsma,
    in6_getnsmac,
)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

from tests.fastpath.outside import BROADCAST, Out
from tests.gateway.plan import HOSTS, MACS, interface_of
from tests.gateway.world import World


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6, address)


def group(address: str) -> tuple[str, str]:
    """The solicited-node group of an address, and the MAC of that group (RFC 4291, 2.7.1)."""
    where = in6_getnsma(packed(address))
    return socket.inet_ntop(socket.AF_INET6, where), in6_getnsmac(where)


def router_of(name: str) -> str:
    """The router's own name on the link where the named one is."""
    return interface_of(name if name in HOSTS else "up")


def request(world: World, who: str, target: str, mac: str | None = None, source: str | None = None) -> Packet:
    """`who` asks for the MAC of an address."""
    mac, source, wanted = mac or MACS[who], source or world.at(who), world.at(target)
    if world.v == 4:
        return Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=source, hwdst="00:00:00:00:00:00", pdst=wanted)
    where, ether = group(wanted)
    solicitation = Ether(src=mac, dst=ether) / IPv6(src=source, dst=where, hlim=255) / ICMPv6ND_NS(tgt=wanted)
    return solicitation if source == "::" else solicitation / ICMPv6NDOptSrcLLAddr(lladdr=mac)


def answer(world: World, who: str, mac: str | None = None) -> Packet:
    """`who` says its MAC to the router that asked."""
    mac, router = mac or MACS[who], router_of(who)
    if world.v == 4:
        told = ARP(op=2, hwsrc=mac, psrc=world.at(who), hwdst=MACS[router], pdst=world.at(router))
        return Ether(src=mac, dst=MACS[router]) / told
    return (
        Ether(src=mac, dst=MACS[router])
        / IPv6(src=world.at(who), dst=world.at(router), hlim=255)
        / ICMPv6ND_NA(R=0, S=1, O=1, tgt=world.at(who))
        / ICMPv6NDOptDstLLAddr(lladdr=mac)
    )


def unsolicited(world: World, who: str, mac: str, reply: bool = False) -> Packet:
    """`who` announces a MAC to all: gratuitous ARP (RFC 5227), an unsolicited advertisement (RFC 4861, 7.2.6)."""
    if world.v == 4:
        return Ether(src=mac, dst=BROADCAST) / ARP(op=2 if reply else 1, hwsrc=mac, psrc=world.at(who), pdst=world.at(who))
    return (
        Ether(src=mac, dst="33:33:00:00:00:01")
        / IPv6(src=world.at(who), dst="ff02::1", hlim=255)
        / ICMPv6ND_NA(R=0, S=0, O=1, tgt=world.at(who))
        / ICMPv6NDOptDstLLAddr(lladdr=mac)
    )


def asks_for(world: World, out: list[Out], target: str, times: int = 1) -> bool:
    """All that left are so many requests of the router for this address, correct octet for octet."""
    router = router_of(target)
    if world.v == 4:
        asked = ARP(op=1, hwsrc=MACS[router], psrc=world.at(router), hwdst="00:00:00:00:00:00", pdst=world.at(target))
        wanted = bytes(Ether(src=MACS[router], dst=BROADCAST) / asked)
        return [one.frame[:42] for one in out] == [wanted] * times
    where, ether = group(world.at(target))
    wanted = bytes(
        Ether(src=MACS[router], dst=ether)
        / IPv6(src=world.at(router), dst=where, hlim=255)
        / ICMPv6ND_NS(tgt=world.at(target))
        / ICMPv6NDOptSrcLLAddr(lladdr=MACS[router])
    )
    return [one.frame for one in out] == [wanted] * times


def told(world: World, out: list[Out], who: str, address: str, port: str | None = None) -> bool:
    """One frame left: the router's answer to `who`, that it has the address."""
    router = router_of(who)
    port = port or ("up" if who not in HOSTS else who)
    mine = [one for one in out if one.port == port]
    if world.v == 4:
        says = ARP(op=2, hwsrc=MACS[router], psrc=world.at(address), hwdst=MACS[who], pdst=world.at(who))
        return [one.frame[:42] for one in mine] == [bytes(Ether(src=MACS[router], dst=MACS[who]) / says)]
    wanted = (
        Ether(src=MACS[router], dst=MACS[who])
        / IPv6(src=world.at(address), dst=world.at(who), hlim=255)
        / ICMPv6ND_NA(R=1, S=1, O=1, tgt=world.at(address))
        / ICMPv6NDOptDstLLAddr(lladdr=MACS[router])
    )
    return [one.frame for one in mine] == [bytes(wanted)]
