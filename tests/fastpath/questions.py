"""ARP and neighbor discovery as Scapy writes them, for stations named by a number."""

from __future__ import annotations

from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

EVERYBODY = "ff:ff:ff:ff:ff:ff"


def mac(n: int) -> str:
    return f"02:42:00:00:00:{n:02x}"


def mac_number(n: int) -> int:
    return int(mac(n).replace(":", ""), 16)


def ip4(n: int) -> str:
    return f"10.0.0.{n}"


def ip6(n: int) -> str:
    return f"fd00::{n:x}"


def arp(op: int, sender: int, psrc: str, pdst: str, to: str = EVERYBODY) -> Packet:
    """Request (1) or reply (2) of a station."""
    return Ether(src=mac(sender), dst=to) / ARP(op=op, hwsrc=mac(sender), psrc=psrc, pdst=pdst)


def solicited(target: str) -> tuple[str, str]:
    """The group of an address that a solicitation goes to, and its MAC address."""
    last = target.rpartition(":")[2].rjust(4, "0")
    return f"ff02::1:ff00:{last}", f"33:33:ff:00:{last[:2]}:{last[2:]}"


def ask6(sender: int, src: str, target: str, to: str | None = None, option: bool = True) -> Packet:
    """A neighbor solicitation; from `::` it is a probe, without a source's MAC address."""
    group, group_mac = solicited(target)
    packet = Ether(src=mac(sender), dst=to or group_mac) / IPv6(src=src, dst=group, hlim=255) / ICMPv6ND_NS(tgt=target)
    return packet / ICMPv6NDOptSrcLLAddr(lladdr=mac(sender)) if option and src != "::" else packet


def tell6(sender: int, target: str, option: bool = True) -> Packet:
    """A neighbor advertisement to everybody."""
    packet = Ether(src=mac(sender), dst="33:33:00:00:00:01") / IPv6(src=target, dst="ff02::1", hlim=255)
    packet /= ICMPv6ND_NA(tgt=target, R=0, S=0, O=1)
    return packet / ICMPv6NDOptDstLLAddr(lladdr=mac(sender)) if option else packet
