"""Keys of ``x-dataplane.underlay``, at the top of the file and on a network."""

from __future__ import annotations

from dataplane.compose.keys import TEXT, TEXT_OR_TEXTS, WHOLE, Table, choice, used
from dataplane.compose.shapes import ListOf, MapOf, OneOf

ENDPOINT = Table(
    "x-dataplane.underlay.peers.endpoints",
    {
        "mac": used(TEXT, "its MAC; 02:42 + IPv4 where it is absent"),
        "address": used(TEXT_OR_TEXTS, "on the overlay, one a family: ARP and ND for them are answered here"),
    },
    extensible=False,
)
PEER = Table(
    "x-dataplane.underlay.peers",
    {
        "address": used(TEXT, "where that VTEP is reached on the underlay"),
        "mac": used(TEXT, "its MAC on the underlay, which is then not asked for"),
        "endpoints": used(ListOf(OneOf((TEXT, ENDPOINT))), "stations behind it that need no learning: an address, or see below"),
    },
    extensible=False,
)
UNDERLAY = Table(
    "x-dataplane.underlay",
    {
        "kind": used(
            choice("tap", "packet", "udp"), "`tap` (a TAP of the host, which routes), `packet` (a real interface), `udp` (sockets)"
        ),
        "name": used(TEXT, "the interface: of a TAP `dpu-LAB` where it is absent; of `packet` it must be written"),
        "address": used(TEXT_OR_TEXTS, "the VTEP's with its prefix, one a family; of `udp` the host's own"),
        "gateway": used(TEXT_OR_TEXTS, "the next hop, one a family; of a TAP the host's own side of it"),
        "mac": used(TEXT, "the VTEP's; 02:42 + IPv4 where it is absent"),
        "gateway_mac": used(TEXT, "the next hop's: what a TAP has; of `packet` it is asked for where it is absent"),
        "netns": used(TEXT, "the path of the network namespace that it is in; the host's where it is absent"),
        "neighbors": used(MapOf(TEXT), "`ADDRESS: MAC` of others there, which are then not asked for"),
        "mtu": used(WHOLE, "1500; overlays have 50 less, over IPv6 70"),
        "port": used(WHOLE, "4789: the UDP port of VXLAN, ours and the peers'"),
        "peers": used(ListOf(OneOf((TEXT, PEER))), "the other VTEPs: an address, or see below"),
    },
    extensible=False,
)
