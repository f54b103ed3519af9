"""Whatever a file says: a plan that holds together, or one UserError; and its wiring carries frames where it should."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import combinations

from hypothesis import event, given, settings
from hypothesis import strategies as st
from topologies import topology

from dataplane import Lab
from dataplane.actions import applied, diff
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.model import Attachment, Network, Pool, PortBinding, Service
from dataplane.names import hosts_file
from dataplane.plan import make_plan
from dataplane.portnames import resolve_port
from dataplane.sandbox import sandbox_of
from dataplane.uplink import Uplink

KEYS = ["a", "b", "c.d"]
NAMES = ["web", "db", "web-1", "x.a"]
PACKET = Uplink(kind="packet", name="eth9", ipv4=IPv4Interface("192.0.2.7/24"))
subnets = st.sampled_from(["10.0.0.0/24", "10.0.0.0/29", "10.0.1.0/30", "10.0.2.0/31", "10.0.3.0/32"]).map(
    IPv4Network
) | st.sampled_from(["fd00::/64", "fd01::/126", "fd02::/127"]).map(IPv6Network)
near4 = st.integers(0, 1100).map(lambda n: IPv4Address("10.0.0.0") + n)
near6 = st.integers(0, 9).map(lambda n: IPv6Address("fd00::") + n)


@st.composite
def pools(draw):
    subnet = draw(subnets)
    inside = st.integers(0, min(subnet.num_addresses - 1, 12)).map(lambda n: subnet.network_address + n)
    return Pool(
        subnet=subnet,
        gateway=draw(st.none() | inside),
        aux_addresses=draw(st.dictionaries(st.sampled_from(["r", "s"]), inside, max_size=1)),
    )


BRIDGE = "com.docker.network.bridge"
OPTIONS = {
    "com.docker.network.driver.mtu": ["1500", "9000", "x"],
    "dataplane.fdb_limit": ["1500", "9000", "x"],
    f"{BRIDGE}.gateway_mode_ipv4": ["nat", "routed", "nat-unprotected", "isolated"],
    f"{BRIDGE}.gateway_mode_ipv6": ["nat", "routed", "isolated"],
    f"{BRIDGE}.host_binding_ipv4": ["127.0.0.1", "0.0.0.0"],
    f"{BRIDGE}.inhibit_ipv4": ["true", "false"],
}


@st.composite
def options(draw):
    return {key: draw(st.sampled_from(OPTIONS[key])) for key in draw(st.lists(st.sampled_from(sorted(OPTIONS)), max_size=2))}


networks = st.builds(
    lambda v4, v6, pools, options, internal: {
        "enable_ipv4": v4,
        "enable_ipv6": v6,
        "pools": pools,
        "options": options,
        "internal": internal,
    },
    st.sampled_from([True, True, False]),
    st.booleans(),
    st.lists(pools(), max_size=2).map(tuple),
    options(),
    st.sampled_from([False, False, True]),
)
host_ips = st.sampled_from([None, None, *map(ip_address, ("127.0.0.1", "0.0.0.0", "192.0.2.1", "192.0.2.2", "::1", "::"))])


@st.composite
def port_bindings(draw):
    target = draw(st.sampled_from([80, 81]))
    first = draw(st.sampled_from([0, 80, 8000, 8001, 65530]))
    width = draw(st.integers(0, 3))
    last = first + (draw(st.sampled_from([width, 3])) if first and not width else width) if first else 0
    return PortBinding(
        target=target,
        target_last=target + width,
        first=first,
        last=last,
        host_ip=draw(host_ips),
        protocol=draw(st.sampled_from(["tcp", "udp"])),
    )


attachments = st.builds(
    Attachment,
    network=st.sampled_from(KEYS),
    aliases=st.lists(st.sampled_from(["www", "api"]), max_size=1).map(tuple),
    ipv4_address=st.none() | near4,
    ipv6_address=st.none() | near6,
    mac_address=st.none()
    | st.sampled_from(["02:00:00:00:00:01", "02-00-00-00-00-02", "01:00:5e:00:00:01", "02:42:0a:00:00:02", "x"]),
    interface_name=st.sampled_from([None, None, "eth0", "eth1", "lan", "a/b"]),
    driver_opts=st.dictionaries(st.just("dataplane.hairpin"), st.sampled_from(["true", "false", "so"])),
)


@st.composite
def services(draw, name):
    return Service(
        name=name,
        attachments=tuple(draw(st.lists(attachments, max_size=3, unique_by=lambda a: a.network))),
        network_mode=draw(
            st.sampled_from(["", "", "", "none", "host", "service:web", "service:db", "container:web-1", "netns:/run/netns/u"])
        ),
        replicas=draw(st.integers(0, 3)),
        scaled=draw(st.booleans()),
        hostname=draw(st.sampled_from([None, "oracle"])),
        ports=tuple(draw(st.lists(port_bindings(), max_size=2))),
    )


@st.composite
def topologies(draw):
    lab = topology(
        [Network(key=key, name=f"lab_{key}", **draw(networks)) for key in KEYS],
        [draw(services(name)) for name in draw(st.lists(st.sampled_from(NAMES), unique=True))],
    )
    own = st.sampled_from([None, None, Uplink(), Uplink(netns="/run/netns/u"), Uplink(kind="none"), PACKET])
    rows = {key: replace(one, uplink=draw(own) if one.driver == "bridge" else None) for key, one in lab.networks.items()}
    return replace(lab, networks=rows, uplink=draw(st.sampled_from([None, None, Uplink(), Uplink(kind="none")])))


def planned(lab, **kwargs):
    try:
        plan = make_plan(lab, **kwargs)
        return plan, wire(plan)
    except UserError as error:
        event("refused")
        assert error.what
        assert error.mend
        assert error.where.startswith("lab.yaml")
        return None


@settings(deadline=None, max_examples=200)
@given(topologies())
def test_a_plan_holds_together_or_is_refused(lab):
    found = planned(lab)
    if found is None:
        return
    plan, wiring = found
    endpoints = plan.endpoints()
    for values in (
        [e.port for e in endpoints],
        [(e.network, e.mac) for e in endpoints],
        [(e.instance, e.interface) for e in endpoints],
        [address for e in endpoints for address in (e.ipv4, e.ipv6) if address is not None],
    ):
        assert len(values) == len(set(values))
    reserved = [address for n in plan.networks.values() for p in n.pools for address in (p.gateway, *p.aux_addresses.values())]
    assert len(reserved) == len(set(reserved))
    assert not set(reserved) & {address for e in endpoints for address in (e.ipv4, e.ipv6)}
    for endpoint in endpoints:
        network = plan.networks[endpoint.network]
        assert (endpoint.ipv4 is not None) == network.enable_ipv4
        assert (endpoint.ipv6 is not None) == network.enable_ipv6
        assert len(bytes.fromhex(endpoint.mac.replace(":", ""))) == 6
        assert resolve_port(plan, endpoint.port) == endpoint.port
    assert set(wiring.nodes) - {"router"} == {*plan.ports(), *(f"bridge {key}" for key in plan.networks)}
    assert_no_port_is_published_twice(plan)
    transfers = [address.network for uplink in plan.uplinks.values() for address in uplink.addresses]
    assert not any(one.overlaps(two) for one, two in combinations(transfers, 2) if one.version == two.version)
    for name in plan.instances:
        assert sandbox_of(plan, name) in plan.instances
        assert hosts_file(plan, name)


def assert_no_port_is_published_twice(plan):
    """At no address of a host; and what a host hands on, each at a number of its uplink's own."""

    def world(one):
        uplink = plan.uplinks.get(one.uplink)
        return (uplink.netns,) if uplink is not None and uplink.kind == "tap" else one.uplink

    for address in map(ip_address, ("127.0.0.1", "192.0.2.1", "192.0.2.2", "::1", "2001:db8::1")):
        here = [one for one in plan.published if one.host_ip is None or one.host_ip == address or _wild(one, address)]
        numbers = [(world(one), one.protocol, port) for one in here for port in range(one.first, one.last + 1)]
        assert len(numbers) == len(set(numbers))
    bound = [one for one in plan.published if one.host_ip is not None and not one.host_ip.is_unspecified]
    every = {(one.uplink, one.protocol, one.transfer + n) for one in plan.published if one not in bound for n in range(one.count)}
    numbers = [(one.uplink, one.protocol, one.transfer + n) for one in bound for n in range(one.count)]
    assert len(numbers) == len(set(numbers))
    assert not every & set(numbers)
    for one in plan.published:
        assert 1 <= one.first <= one.last <= 65535
        assert one.last - one.first == one.count - 1


def _wild(one, address):
    return one.host_ip is not None and one.host_ip.is_unspecified and one.host_ip.version == address.version


@settings(deadline=None, max_examples=100)
@given(topologies(), topologies())
def test_one_file_can_follow_another(old, new):
    """What kept its name and may keep its address does, and the difference of the wirings leads from one to the other."""
    before = planned(old)
    after = planned(new, previous=before[0] if before else None)
    if before is None or after is None:
        return
    assert applied(before[1], diff(before[1], after[1])) == after[1]
    assert planned(new, previous=after[0]) == after


@settings(deadline=None, max_examples=50)
@given(topologies())
def test_everyone_on_a_network_hears_a_broadcast_and_no_one_else(lab):
    found = planned(lab)
    if found is None:
        return
    running = Lab(found[0])
    for endpoint in found[0].endpoints():
        frame = b"\xff" * 6 + bytes.fromhex(endpoint.mac.replace(":", "")) + bytes(46)
        expected = [e.port for e in found[0].endpoints() if e.network == endpoint.network and e != endpoint]
        if endpoint.options.get("dataplane.hairpin") == "true":
            expected = [e.port for e in found[0].endpoints() if e.network == endpoint.network]
        assert sorted(running.inject(endpoint.port, frame, now=1)) == sorted((port, frame) for port in expected)
