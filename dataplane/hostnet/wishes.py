"""Which sysctls of the host a lab wants, how a step is told, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dataplane.hostnet.facts import Facts
from dataplane.hostnet.ledger import Key, Write
from dataplane.hostnet.rules import HostRules
from dataplane.netns.step import Step

Has = Callable[[str], str | None]
"""The value of a sysctl of the host, None where there is none."""


def forwarding(facts: Facts, rules: HostRules, inode: int, has: Has) -> dict[Key, str]:
    """``forwarding`` of the interfaces by which packets for the lab come in, ours aside: never of all, never ``all/forwarding``.

    IPv6: ``force_forwarding`` alone (Linux 6.17), for ``forwarding`` would end router advertisements (ip-sysctl.rst). Where the
    machine forwards IPv6 already, or cannot without that, nothing.
    """
    wanted: dict[Key, str] = {}
    if rules.router4 is not None:
        wanted |= {(inode, f"net/ipv4/conf/{name}/forwarding"): "1" for name in facts.interfaces(4, rules.tap)}
    if rules.router6 is not None and has("net/ipv6/conf/all/forwarding") == "0":
        wanted |= {(inode, f"net/ipv6/conf/{name}/force_forwarding"): "1" for name in facts.interfaces(6, rules.tap)}
    return wanted


def tap_sysctls(rules: HostRules, has: Has) -> dict[str, str]:
    """Those of our own interface: packets from it are forwarded, 127.0.0.1 may be translated to go out by it and back, and a
    packet that goes back where it came from is no reason to tell the sender (ICMP redirects)."""
    place = f"net/ipv4/conf/{rules.tap}"
    values = {f"{place}/forwarding": "1", f"{place}/route_localnet": "1", f"{place}/send_redirects": "0"}
    if rules.router6 is not None and has(forced := f"net/ipv6/conf/{rules.tap}/force_forwarding") is not None:
        values[forced] = "1"
    return values


def ipv6_blocked(rules: HostRules, has: Has) -> Step | None:
    """The machine forwards no IPv6, and this kernel has only the switch that ends router advertisements: not ours to set."""
    if rules.router6 is None or has("net/ipv6/conf/all/forwarding") != "0":
        return None
    if has(f"net/ipv6/conf/{rules.tap}/force_forwarding") is not None:
        return None
    return Step(
        "IPv6 stays inside: this machine does not forward it, and before Linux 6.17 the switch would end router advertisements",
        "for i in /proc/sys/net/ipv6/conf/*/accept_ra; do echo 2 > $i; done; sysctl -w net.ipv6.conf.all.forwarding=1",
    )


def written(writes: list[Write]) -> Iterator[Step]:
    """What was changed, with the command that does it; the old value stands in the words."""
    for write in writes:
        name = write.key[1]
        interface, value = name.split("/")[3], name.rsplit("/", 1)[1]
        family = "IPv6" if "/ipv6/" in name else "IPv4"
        yield Step(f"{family} {value} of {interface}: {write.old} -> {write.new}", f"sysctl -w {name}={write.new}")


def asked(wanted: Mapping[Key, str]) -> Iterator[Step]:
    """What would be changed, for ``--no-host-rules``."""
    for (_inode, name), value in wanted.items():
        yield Step(f"forward what comes in by {name.split('/')[3]}", f"sysctl -w {name}={value}")


def table_words(rules: HostRules) -> str:
    """What the table does, in a line."""
    ports = sum(way.last - way.first + 1 for way in rules.ways)
    more = f", {ports} published port{'s' if ports != 1 else ''}" if ports else ""
    return f"nftables table {rules.table}: masquerade what leaves by {rules.tap}{more}"
