"""Which external port a flow gets: NAT-2 to NAT-6, NAT-37, NAT-38, NAT-40 (port spaces), deterministic by the seed."""

import pytest

from tests.gateway.errors import assert_error

KINDS = ["udp", "tcp", "icmp"]


@pytest.mark.row("NAT-2")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize("port", [1, 2, 1022, 1023, 1024, 1025, 5353, 32767, 32768, 65534, 65535])
def test_a_free_port_is_kept(world, kind, port):
    world.passes("a", world.query(kind, "a", port, "r1", 80), "up", world.query(kind, "up", port, "r1", 80, ttl=63))
    world.passes("up", world.answer(kind, "r1", 80, "up", port), "a", world.answer(kind, "r1", 80, "a", port, ttl=63))


@pytest.mark.row("NAT-2")
def test_echo_identifiers_are_kept_too(world):
    for id_ in (0, 1, 255, 65535):
        assert world.opened("icmp", "a", id_) == id_


@pytest.mark.row("NAT-3", "NAT-6")
@pytest.mark.parametrize("kind", KINDS)
def test_two_hosts_with_one_port_get_two(world, kind):
    """RFC 4787 REQ-3, RFC 5382 REQ-7: and replies find their host."""
    ports = {host: world.opened(kind, host, 4000) for host in ("a", "b", "c", "d")}
    assert ports["a"] == 4000
    assert len(set(ports.values())) == 4
    for host, port in ports.items():
        answer = world.answer(kind, "r1", 53, "up", port)
        world.passes("up", answer, host, world.answer(kind, "r1", 53, host, 4000, ttl=63))


def crowd(world, kind, port, hosts):
    """Many hosts of one network send from the same port; who is not there by name has an address all the same."""
    found = []
    for n in range(hosts):
        source = world.guest(n)
        out = world.send("a", world.query(kind, source, port, "r1", 80))
        found.append(world.external(out)[1])
    return found


@pytest.mark.row("NAT-4", "NAT-5")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize("port", [1, 22, 512, 513, 1022, 1023, 1024, 1025, 4000, 4001, 65534, 65535])
def test_another_port_is_of_the_same_class_and_parity(world, kind, port):
    """RFC 4787 REQ-3a (0-1023 or 1024-65535) and REQ-4 (even or odd)."""
    found = crowd(world, kind, port, 40)
    assert found[0] == port
    assert len(set(found)) == 40
    assert all((each < 1024) == (port < 1024) for each in found)
    assert all(each % 2 == port % 2 for each in found)
    assert 0 not in found


@pytest.mark.row("NAT-6")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_one_endpoint_has_one_external_port_for_all_targets(world, kind):
    """RFC 4787 REQ-1, RFC 5382 REQ-1."""
    targets = [("r1", 80), ("r1", 81), ("r2", 80), ("r3", 443), ("near", 1), ("isp", 65535)]
    found = [world.external(world.send("a", world.query(kind, "a", 4000, *target))) for target in targets]
    assert set(found) == {(world.at("up"), 4000)}


@pytest.mark.row("NAT-6")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_so_it_has_where_another_holds_the_wanted_port(world, kind):
    """Where Linux stops being endpoint-independent: the wanted port is taken, and still all targets see one port."""
    assert world.opened(kind, "b", 4000, "r1", 80) == 4000
    first = world.opened(kind, "a", 4000, "r1", 80)
    assert first != 4000
    for target in ("r2", "r3", "isp"):
        assert world.opened(kind, "a", 4000, target, 80) == first
    assert world.opened(kind, "b", 4000, "r2", 80) == 4000
    for host, port in (("a", first), ("b", 4000)):
        for target in ("r1", "r2"):
            back = world.answer(kind, target, 80, "up", port)
            world.passes("up", back, host, world.answer(kind, target, 80, host, 4000, ttl=63))


@pytest.mark.row("NAT-6")
def test_the_mapping_lasts_as_long_as_any_of_its_flows(world):
    """The first flow ends; the second keeps the port for a third."""
    world.opened("udp", "b", 4000)
    first = world.opened("udp", "a", 4000, "r1")
    world.advance(200)
    world.opened("udp", "b", 4000)
    assert world.opened("udp", "a", 4000, "r2") == first
    world.advance(200)
    world.opened("udp", "b", 4000)
    assert world.opened("udp", "a", 4000, "r3") == first


@pytest.mark.row("NAT-6")
def test_endpoint_dependent_mapping_reuses_ports_for_other_targets(make):
    """RFC 7857, 3: when selected, one external port serves two hosts as long as the remotes differ."""
    world = make(flows={"mapping": "endpoint-dependent"})
    assert world.opened("udp", "a", 4000, "r1") == 4000
    assert world.opened("udp", "b", 4000, "r2") == 4000
    assert world.opened("udp", "c", 4000, "r1") != 4000
    for host, remote in (("a", "r1"), ("b", "r2")):
        world.passes("up", world.udp(remote, 53, "up", 4000), host, world.udp(remote, 53, host, 4000, ttl=63))


@pytest.mark.row("NAT-6")
@pytest.mark.parametrize("mapping", ["endpoint-independent", "endpoint-dependent"])
def test_external_endpoint_and_remote_are_unique(make, mapping):
    """Whatever is chosen: no two flows share (external address, external port, remote)."""
    world = make(flows={"mapping": mapping})
    seen = {}
    for host in "abcdef":
        for port in (4000, 4001, 4002):
            for remote in ("r1", "r2"):
                key = (world.opened("udp", host, port, remote), remote)
                assert key not in seen, (key, host, port, seen[key])
                seen[key] = (host, port)
    for (port, remote), (host, inside) in seen.items():
        world.passes("up", world.udp(remote, 53, "up", port), host, world.udp(remote, 53, host, inside, ttl=63))


@pytest.mark.row("NAT-40")
def test_udp_and_tcp_have_port_spaces_of_their_own(world):
    """The same external port may serve both; answers find the right host by protocol."""
    assert world.opened("tcp", "a", 4000) == 4000
    assert world.opened("udp", "b", 4000) == 4000
    assert world.opened("icmp", "c", 4000) == 4000
    world.passes("up", world.udp("r1", 53, "up", 4000), "b", world.udp("r1", 53, "b", 4000, ttl=63))
    back = world.tcp("r1", 53, "up", 4000, "SA", ack=1)
    world.passes("up", back, "a", world.tcp("r1", 53, "a", 4000, "SA", ack=1, ttl=63))
    world.passes("up", world.reply("r1", "up", id=4000), "c", world.reply("r1", "c", id=4000, ttl=63))


@pytest.mark.row("NAT-6")
def test_the_same_seed_gives_the_same_ports(make):
    """DESIGN, idea 3."""
    one, two = (crowd(make(seed=7), "udp", 4000, 30) for _ in range(2))
    assert one == two
    assert crowd(make(seed=8), "udp", 4000, 30) != one


def exhaust(world, kind="udp"):
    """Every external port below 1024 is taken, the odd ones first, by flows of one remote."""
    taken = []
    for n in range(1024):
        source, port = world.guest(n % 200), 2 * (n // 200) + 1
        out = world.send("a", world.query(kind, source, port, "r1", 80))
        if not out or out[0].port != "up":
            return taken, source, port, out
        external = world.external(out)[1]
        taken.append((source, port, external))
        if kind == "tcp":  # established: half-open ones would make room
            world.send("up", world.tcp("r1", 80, "up", external, "SA", ack=1))
            world.send("a", world.tcp(source, port, "r1", 80, "A", seq=1, ack=1))
    raise AssertionError("never exhausted")


@pytest.mark.row("NAT-37")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_when_ports_are_exhausted_the_new_flow_is_dropped_and_told(world, kind):
    """Ports 1 to 1023: the class stays, the parity as long as it can. RFC 5508 REQ-8: administratively prohibited."""
    taken, source, port, out = exhaust(world, kind)
    assert len(taken) == 1023
    assert all(external % 2 for _, _, external in taken[:512])
    assert {external for _, _, external in taken} == set(range(1, 1024))
    assert len({external for _, _, external in taken}) == len(taken)
    assert world.drops()["ports exhausted"] == 1
    packet = world.query(kind, source, port, "r1", 80)
    assert_error(world, [one for one in out if one.port == "a"], "a", "prohibited", bytes(packet), "gw", source)
    for source, port, external in taken[:: len(taken) // 7]:
        flags = {"flags": "A", "seq": 1, "ack": 1} if kind == "tcp" else {}
        back, wanted = (
            world.answer(kind, "r1", 80, "up", external, **flags),
            world.answer(kind, "r1", 80, source, port, ttl=63, **flags),
        )
        world.passes("up", back, "a", wanted)


@pytest.mark.row("NAT-37")
def test_half_open_connections_give_their_ports_to_newcomers(world):
    """Else one container's SYNs could take every port from the others: the oldest goes."""
    for n in range(1023):
        world.send("a", world.tcp(world.guest(n % 200), 2 * (n // 200) + 1, "r1", 80))
    port = world.opened("tcp", "d", 7, "r1", 80)
    assert 1 <= port <= 1023
    world.passes("up", world.tcp("r1", 80, "up", port, "SA", ack=1), "d", world.tcp("r1", 80, "d", 7, "SA", ack=1, ttl=63))


@pytest.mark.row("NAT-37")
def test_ports_return_after_expiry(world):
    _, source, port, _ = exhaust(world)
    world.advance(301)
    world.external(world.send("a", world.udp(source, port, "r1", 80)))


@pytest.mark.row("NAT-37")
def test_flows_of_other_ports_do_not_suffer(world):
    exhaust(world)
    assert world.opened("udp", "d", 4000) == 4000
