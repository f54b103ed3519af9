"""Connections to published ports that are older than the gateway (`resumes`): NAT-21's pick-up, for what a rule lets in, as Linux
does it with nf_conntrack_tcp_loose. Without the setting NAT-21 holds as it stands: tests/gateway/test_nat_tcp.py."""

import random

import pytest


def publish(world, first=8080, last=None, host="a", port=80, **more):
    settings = {"target": world.at(host), "target_port": port, "name": f"{host}.front", "resumes": True, **more}
    return world.rules.publish("tcp", first, last or first, **settings)


def asks(world, public=8080, host="a", port=80, client="r1", sport=5000, flags="PA", address="up"):
    """The client's segment arrives."""
    words = {"seq": 700, "ack": 900, "payload": b"more"}
    world.passes(
        "up",
        world.tcp(client, sport, address, public, flags, **words),
        host,
        world.tcp(client, sport, host, port, flags, ttl=63, **words),
    )


def replies(world, public=8080, host="a", port=80, client="r1", sport=5000, flags="PA", address="up"):
    """The server's segment leaves from the public port."""
    words = {"seq": 900, "ack": 704, "payload": b"yes"}
    world.passes(
        host,
        world.tcp(host, port, client, sport, flags, **words),
        "up",
        world.tcp(address, public, client, sport, flags, ttl=63, **words),
    )


def nothing(world, host="a", port=80, client="r1", sport=5000, flags="PA"):
    """The server's segment waits for its client's."""
    world.vanishes(host, world.tcp(host, port, client, sport, flags, seq=900, ack=704, payload=b"yes"), "invalid state")


@pytest.mark.row("NAT-21", "NAT-32")
@pytest.mark.parametrize("order", [(asks, replies), (replies, asks)], ids=["client first", "server first"])
@pytest.mark.parametrize("flags", ["A", "PA"])
def test_it_goes_on_whoever_speaks_first(world, order, flags):
    publish(world)
    for speaks in order * 2:
        speaks(world, flags=flags)
    assert len(world.flows.rows(world.now)) == 1
    world.advance(7000)  # established: as long as any
    for speaks in order:
        speaks(world)


@pytest.mark.row("NAT-21", "NAT-32")
@pytest.mark.parametrize("order", [(asks, replies), (replies, asks)], ids=["client first", "server first"])
def test_it_ends_as_others_do(world, order):
    publish(world)
    for speaks in order:
        speaks(world)
    replies(world, flags="FA")
    asks(world, flags="FA")
    assert "established" not in world.flows.rows(world.now)[0]["state"].item()


@pytest.mark.row("NAT-21", "NAT-32")
@pytest.mark.parametrize("order", [(asks, replies), (replies, asks)], ids=["client first", "server first"])
def test_what_was_said_last_arrives_with_the_end(world, order):
    """Whoever closes while there is no gateway sends what was not acknowledged again together with the FIN, and nothing else any
    more: Linux lets only an ACK begin a flow, and the other side would wait for ever."""
    publish(world)
    order[0](world, flags="FPA")
    assert world.flows.rows(world.now)[0]["state"].item() == "FIN wait"
    order[1](world, flags="A")
    order[1](world, flags="FA")
    order[0](world, flags="A")
    assert world.flows.rows(world.now)[0]["state"].item() == "time wait"


@pytest.mark.row("NAT-21")
def test_strict_drops_it(make):
    world = make(flows={"strict": True})
    publish(world)
    nothing(world)
    for flags in ("PA", "FA"):
        world.vanishes("up", world.tcp("r1", 5000, "up", 8080, flags, seq=1, ack=1), "invalid state")


@pytest.mark.row("NAT-21")
@pytest.mark.parametrize("flags", ["R", "RA", "F", "SA", "", "SF"])
def test_other_segments_begin_nothing(world, flags):
    publish(world)
    reasons = ("invalid state", "bad transport")
    world.vanishes("a", world.tcp("a", 80, "r1", 5000, flags, seq=1, ack=1), *reasons)
    world.vanishes("up", world.tcp("r1", 5000, "up", 8080, flags, seq=1, ack=1), *reasons)
    assert len(world.flows.rows(world.now)) == 0


@pytest.mark.row("NAT-21")
def test_what_is_not_published_is_dropped_as_ever(world):
    publish(world)
    world.vanishes("up", world.tcp("r1", 5000, "up", 8081, "PA", seq=1, ack=1))
    world.vanishes("up", world.tcp("r1", 5000, "a", 80, "PA", seq=1, ack=1), "not published")
    assert len(world.flows.rows(world.now)) == 0


@pytest.mark.row("NAT-21", "NAT-32")
def test_the_servers_own_connections_are_masqueraded(world):
    """In mid-stream from another port; and by a SYN from the very port that is published."""
    publish(world)
    world.passes(
        "a", world.tcp("a", 4000, "r1", 443, "PA", seq=1, ack=1), "up", world.tcp("up", 4000, "r1", 443, "PA", seq=1, ack=1, ttl=63)
    )
    world.opened("tcp", "a", 80, "r2", 443)


@pytest.mark.row("NAT-32")
def test_an_address_of_its_own_and_a_range(make):
    world = make(pool=("up", "pub1"))
    publish(world, 9000, 9999, "b", 3000, address=world.at("pub2"))
    replies(world, 9500, "b", 3500, address="pub2")
    asks(world, 9500, "b", 3500, address="pub2")
    publish(world, host="a")
    nothing(world)  # at which of two addresses did its client come in?
    asks(world, address="pub1" if world.rules.set_local([world.at("pub1")]) is None else "")
    replies(world, address="pub1")


@pytest.mark.row("NAT-32")
def test_a_server_of_two_ports_waits_for_its_client(world):
    """Nothing leaves from a port that the client does not know: its RST would end the connection."""
    publish(world, 8080)
    publish(world, 8081)
    nothing(world)
    asks(world, 8081)
    replies(world, 8081)
    nothing(world, sport=5001)
    world.rules.unpublish(publish(world, 8082))
    asks(world, 8080, sport=5001)
    replies(world, 8080, sport=5001)


@pytest.mark.row("NAT-32")
def test_a_port_of_another_now_is_not_answered_from(world):
    """At the address itself the port leads to b: who came to it is not a's client."""
    publish(world)
    publish(world, host="b", address=world.at("up"))
    nothing(world)
    asks(world, host="b")
    nothing(world)
    replies(world, host="b")


@pytest.mark.row("NAT-32")
def test_a_clients_flow_to_another_server_stays(world):
    number = publish(world, host="b")
    asks(world, host="b")
    world.rules.unpublish(number)
    publish(world, host="a")
    nothing(world, host="a")
    replies(world, host="b")


@pytest.mark.row("NAT-32")
@pytest.mark.parametrize("trusted", [False, True])
def test_ports_of_trusted_clients(make, trusted):
    """Published for the host alone: nobody else is led there, nor answered from there."""
    world = make()
    world.rules.set_interface(
        world.interfaces["up"], kind="uplink", name="uplink", trusted=[world.at("r1")] if trusted else [world.at("isp")]
    )
    publish(world, clients="trusted", address=world.at("up"))
    if trusted:
        replies(world)
        asks(world)
        return
    world.vanishes("up", world.tcp("r1", 5000, "up", 8080, "PA", seq=1, ack=1))
    assert world.external(world.send("a", world.tcp("a", 80, "r1", 5000, "PA", seq=1, ack=1))) == (world.at("up"), 80)


@pytest.mark.row("NAT-33")
def test_hairpin_waits_for_its_client(world):
    """The server's segment is for our own address: no RST comes back, and once the client has spoken both go on."""
    publish(world)
    nothing(world, client="up")
    world.passes(
        "b",
        world.tcp("b", 5000, "up", 8080, "PA", seq=1, ack=1),
        "a",
        world.tcp("up", 5000, "a", 80, "PA", seq=1, ack=1, ttl=63),
    )
    world.passes(
        "a", world.tcp("a", 80, "up", 5000, "PA", seq=1, ack=1), "b", world.tcp("up", 8080, "b", 5000, "PA", seq=1, ack=1, ttl=63)
    )


@pytest.mark.row("NAT-32")
def test_internal_networks_resume_nothing(make):
    world = make(networks={"front": {"internal": True}})
    publish(world)
    world.vanishes("a", world.tcp("a", 80, "r1", 5000, "PA", seq=1, ack=1), "internal network")
    world.vanishes("up", world.tcp("r1", 5000, "up", 8080, "PA", seq=1, ack=1), "internal network")


@pytest.mark.row("NAT-32")
def test_any_ports_come_and_go(world):
    """Whatever is published, and was: a server answers from the one port that leads to it, else waits; none: masqueraded."""
    dice = random.Random(3)
    there = {}
    crowd = [world.rules.publish("tcp", n, n, target=crowded(world, n), target_port=1, resumes=True) for n in range(20000, 20300)]
    for sport in range(1000, 1300):
        if there and dice.random() < 0.45:
            world.rules.unpublish(there.pop(dice.choice(list(there))))
        else:
            public = dice.randrange(8000, 8100)
            if public not in {key[0] for key in there}:
                host, port = dice.choice("abc"), dice.randrange(80, 83)
                there[public, host, port] = publish(world, public, host=host, port=port)
        if dice.random() < 0.2 and crowd:
            world.rules.unpublish(crowd.pop(dice.randrange(len(crowd))))
        host, port = dice.choice("abc"), dice.randrange(80, 83)
        ways = [key[0] for key in there if key[1:] == (host, port)]
        if len(ways) == 1:
            replies(world, ways[0], host, port, sport=sport)
        elif ways:
            nothing(world, host, port, sport=sport)
        else:
            assert world.external(world.send(host, world.tcp(host, port, "r1", sport, "PA", seq=1, ack=1)))[0] == world.at("up")


def crowded(world, n):
    return f"10.9.{n >> 8}.{n & 255}" if world.v == 4 else f"fd99::{n:x}"


@pytest.mark.row("NAT-32")
def test_of_very_many_ports_the_client_tells(world):
    """A look-up is bounded, whatever is published: the server waits, and nobody is kept out."""
    for public in range(30000, 30200):
        publish(world, public, port=public - 20000)
    nothing(world, port=10199)
    asks(world, 30199, port=10199)
    replies(world, 30199, port=10199)
