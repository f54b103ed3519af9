"""Keys of a network, and of a service's place on one."""

from __future__ import annotations

from dataplane.compose.keys import ANYTHING, FLAG, OPTIONS, PAIRS, TEXT, TEXTS, WHOLE, Table, choice, ignored, later, used
from dataplane.compose.keys_build import quiet
from dataplane.compose.keys_gateway import UPLINK
from dataplane.compose.keys_underlay import UNDERLAY
from dataplane.compose.shapes import ListOf, MapOf, OneOf

POOL = Table(
    "networks.ipam.config",
    {
        "subnet": used(TEXT, "one IPv4 and one IPv6 subnet per network, of macvlan and ipvlan several; host bits are an error"),
        "ip_range": used(TEXT, "automatic addresses come from here"),
        "gateway": used(TEXT, "the gateway's address; the lowest free one where it is absent, of macvlan and ipvlan none"),
        "aux_addresses": used(MapOf(TEXT), "reserved: no service gets them"),
    },
)
IPAM = Table(
    "networks.ipam",
    {
        "driver": used(choice("default"), "`default`"),
        "config": used(ListOf(POOL), "the subnets, see below"),
        "options": ignored(OPTIONS, "a plug-in's options; there is no IPAM plug-in"),
    },
)
NETWORK_X = Table(
    "networks.x-dataplane",
    {
        "uplink": used(UPLINK, "a way out of its own, as at the top level; of kind `none`: it has none"),
        "underlay": used(UNDERLAY, "of an overlay: one of its own, as at the top level; `peers` alone: these, on the lab's"),
        "impair": later(ANYTHING, "remove it: links here are perfect"),
        "gateway_mac": used(TEXT, "the MAC of its gateway; 02:42 + IPv4 where it is absent"),
    },
    extensible=False,
)
NETWORK = Table(
    "networks",
    {
        "name": used(TEXT, "the name outside; `LAB_KEY` where it is absent"),
        "driver": used(TEXT, "`bridge` (default), `overlay`, `macvlan`, `ipvlan`, `host`, `none`; any other is an error"),
        "driver_opts": used(OPTIONS, "options of the driver: docs/drivers.md; it ignores those it does not know"),
        "ipam": used(IPAM, "see below"),
        "external": used(OneOf((FLAG, quiet({"name": TEXT}))), "`false`; `true` is an error: labs do not share networks"),
        "internal": used(FLAG, "`true`: nothing leaves the network, nothing comes in; its gateway answers"),
        "attachable": used(FLAG, "kept"),
        "enable_ipv4": used(FLAG, "`true` where it is absent"),
        "enable_ipv6": used(FLAG, "`false` where it is absent"),
        "labels": used(PAIRS, "kept"),
        "x-dataplane": used(NETWORK_X, "see below"),
    },
)
ATTACHMENT = Table(
    "networks",
    {
        "aliases": used(TEXTS, "more names on this network"),
        "ipv4_address": used(TEXT, "a static address inside the network's subnet"),
        "ipv6_address": used(TEXT, "a static address inside the network's subnet"),
        "mac_address": used(TEXT, "the interface's MAC; 02:42 + IPv4 where it is absent"),
        "gw_priority": used(WHOLE, "the network with the highest gives the default route"),
        "interface_name": used(TEXT, "`eth0`, `eth1`… in the file's order where it is absent"),
        "driver_opts": used(OPTIONS, "options of the endpoint: docs/drivers.md"),
        "link_local_ips": later(TEXTS, "remove it: an interface has one IPv4 and one IPv6 address here"),
        "priority": ignored(WHOLE, "interfaces come in the file's order"),
    },
)
