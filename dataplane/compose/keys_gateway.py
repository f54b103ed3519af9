"""Keys under ``x-dataplane`` at the top of the file that say how a lab meets the world."""

from __future__ import annotations

from dataplane.compose.keys import FLAG, TEXT, TEXT_OR_TEXTS, TEXTS, WHOLE, Table, choice, used
from dataplane.compose.shapes import MapOf, OneOf

UPLINK = Table(
    "x-dataplane.uplink",
    {
        "kind": used(choice("tap", "packet", "none"), "`tap` (a TAP of the host), `packet` (a real interface), `none`"),
        "name": used(TEXT, "the interface: of a TAP `dp-LAB` where it is absent; of `packet` it must be written"),
        "address": used(TEXT_OR_TEXTS, "ours there with its prefix, one a family; a free /30 and /126 where it is absent"),
        "gateway": used(TEXT_OR_TEXTS, "the next hop, one a family; of a TAP the host's own side of it"),
        "mac": used(TEXT, "ours; 02:42 + IPv4 where it is absent"),
        "gateway_mac": used(TEXT, "the next hop's: what a TAP has; of `packet` it is asked for where it is absent"),
        "netns": used(TEXT, "the path of the network namespace that the interface is in; the host's where it is absent"),
        "neighbors": used(MapOf(TEXT), "`ADDRESS: MAC` of others there, which are then not asked for"),
        "mtu": used(WHOLE, "1500"),
    },
    extensible=False,
)
TIMEOUTS = Table(
    "x-dataplane.nat.timeouts",
    {
        "udp": used(WHOLE, "300, also unanswered"),
        "udp_stream": used(WHOLE, "300"),
        "tcp_established": used(WHOLE, "7440"),
        "tcp_transitory": used(WHOLE, "240"),
        "icmp": used(WHOLE, "60"),
        "other": used(WHOLE, "300"),
    },
    extensible=False,
)
NAT = Table(
    "x-dataplane.nat",
    {
        "mapping": used(choice("endpoint-independent", "endpoint-dependent"), "`endpoint-independent` (RFC 4787, REQ-1)"),
        "filtering": used(
            choice("address-and-port-dependent", "address-dependent", "endpoint-independent"), "`address-and-port-dependent`"
        ),
        "strict": used(FLAG, "`true`: TCP that was not seen from its SYN on is dropped"),
        "timeouts": used(OneOf((TIMEOUTS, choice("linux"))), "seconds until a silent flow is forgotten; `linux`: Linux's own"),
        "flows": used(WHOLE, "65536: so many are known at once, 128 octets each"),
        "addresses": used(TEXTS, "what leaves has one of these as its source; the uplink's own where it is absent"),
        "static": used(MapOf(TEXT), "`OUTSIDE: INSIDE`, one to one, both ways"),
        "exclude": used(TEXTS, "subnets: what goes there is not translated"),
        "mss": used(
            OneOf((choice("clamp"), WHOLE)),
            "octets of a segment that a SYN may announce at most, 64 to 65535; `clamp`: what the links on both sides take; "
            "as it is where it is absent",
        ),
        "icmp_rate": used(WHOLE, "100: ICMP errors a second of an interface at most; 0: none"),
    },
    extensible=False,
)
