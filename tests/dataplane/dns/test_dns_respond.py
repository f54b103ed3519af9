"""DOCKER.md 1.5, from a query's octets to the answer's, row by row; real sockets are in tests/live/test_dns_live.py."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from states import add, container, ident, network, state, three_tiers

from dataplane.desired.records import State
from dataplane.dns import wire
from dataplane.dns.respond import Response, respond
from dataplane.dns.view import View, view
from dataplane.dns.zone import Zones


def seen(of: State, name: str, *, ndots: bool = False) -> View:
    zones = Zones()
    zones.follow(of)
    return view(of, zones.zones, of.containers[ident(f"container {name}")], (), ndots)


def ask(of: State | View, name: str, kind: str = "A", *, by: str = "api", tcp: bool = False, size: int = 0) -> Response:
    question = dns.message.make_query(name, kind, use_edns=0 if size else False, payload=size or 512)
    return respond(of if isinstance(of, View) else seen(of, by), question.to_wire(), tcp=tcp)


def answered(response: Response) -> dns.message.Message:
    assert not response.forward, response.why
    return dns.message.from_wire(response.octets(b"\x12\x34"))


def addresses(response: Response) -> set[str]:
    return {item.to_text() for rrset in answered(response).answer for item in rrset}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", {"172.18.0.2"}),  # container name
        (ident("container web")[:12], {"172.18.0.2"}),  # short id
        ("www", {"172.18.0.2"}),  # --hostname
        ("site", {"172.18.0.2"}),  # alias
        ("WEB", {"172.18.0.2"}),  # case
        ("web.front", {"172.18.0.2"}),  # <name>.<network>
        ("Web.FRONT.", {"172.18.0.2"}),
        ("inner.api", {"172.19.0.2"}),  # a name with a dot
        ("inner.api.back", {"172.19.0.2"}),  # a.b in c
        ("worker", {"172.19.0.11", "172.19.0.12", "172.19.0.13"}),  # a service's replicas: all of them
        ("api.back", {"172.19.0.2"}),
        ("api.front", {"172.18.0.3"}),
    ],
)
def test_names(name, expected):
    """DOCKER.md 1.5 "names", "case"."""
    assert addresses(ask(three_tiers(), name)) == expected


@pytest.mark.parametrize("name", ["db", "worker", "db.back", "nobody", "web.back", "front", ""])
def test_names_of_networks_that_are_not_shared_are_nobodys(name):
    """DOCKER.md 1.5 "names": not shared across networks; the container must share the network."""
    assert ask(three_tiers(), name, by="web").forward


def test_a_name_tries_its_whole_before_its_parts():
    """DOCKER.md 1.5: a.b.c, then a.b in c, then a in b.c."""
    made = state(network("c", "172.18.0.0/16"), network("b.c", "172.19.0.0/16"))
    made = add(made, container("me"), {"c": ["172.18.0.9"], "b.c": ["172.19.0.9"]})
    made = add(made, container("a"), {"b.c": ["172.19.0.2"]})
    assert addresses(ask(made, "a.b.c", by="me")) == {"172.19.0.2"}
    made = add(made, container("a.b"), {"c": ["172.18.0.2"]})
    assert addresses(ask(made, "a.b.c", by="me")) == {"172.18.0.2"}
    made = add(made, container("a.b.c"), {"c": ["172.18.0.3"]})
    assert addresses(ask(made, "a.b.c", by="me")) == {"172.18.0.3"}


def test_the_octets_of_an_answer():
    """DOCKER.md 1.5 "answers": flags 0x8180, TTL 600, no compression, counts (1,1,0,0), as seen; the query's case is echoed."""
    query = dns.message.make_query("wEb", "A", id=0xD2)
    query.flags = dns.flags.RD
    octets = respond(seen(three_tiers(), "api"), query.to_wire()).octets(b"\0\xd2")
    assert octets.hex(" ", 2) == (
        "00d2 8180 0001 0001 0000 0000 0377 4562 0000 0100 0103 7745 6200 0001 0001 0000 0258 0004 ac12 0002"
    )


def test_an_even_shorter_sight_of_flags():
    """RD and CD are the asker's, RA is ours, AA is not set: flags 0x8080 to a query without RD."""
    query = dns.message.make_query("web", "A")
    query.flags = dns.flags.Flag(0)
    assert answered(respond(seen(three_tiers(), "api"), query.to_wire())).flags == dns.flags.QR | dns.flags.RA


def test_records_are_shuffled():
    """DOCKER.md 1.5 "answers": shuffled each time."""
    response, orders = ask(three_tiers(), "worker"), set()
    for _ in range(200):
        message = dns.message.from_wire(response.octets(b"ab", lambda rows: random.sample(rows, len(rows))), one_rr_per_rrset=True)
        orders.add(tuple(item.to_text() for rrset in message.answer for item in rrset))
    assert len(orders) == 6


@pytest.mark.parametrize(("name", "kind"), [("web", "AAAA"), ("web", "MX"), ("db", "MX")])
def test_no_such_record_of_a_known_name(name, kind):
    """DOCKER.md 1.5 "AAAA of a v4-only name" and "MX of a known name": NOERROR, 0 answers, never handed on."""
    message = answered(ask(three_tiers(), name, kind))
    assert (message.rcode(), message.answer) == (dns.rcode.NOERROR, [])


def test_both_families():
    """DOCKER.md 1.5 "names": a name with IPv6 answers to AAAA."""
    assert addresses(ask(three_tiers(), "db", "AAAA")) == {"fd00::3"}
    assert addresses(ask(three_tiers(), "db", "A")) == {"172.19.0.3"}


@pytest.mark.parametrize("kind", ["TXT", "SRV", "NS", "SOA", "ANY", "CNAME", "HTTPS"])
def test_other_types_are_handed_on(kind):
    """DOCKER.md 1.5 "MX of a known name": other types are forwarded, of known names too."""
    assert ask(three_tiers(), "web", kind).forward


@pytest.mark.parametrize(
    ("address", "name"),
    [("2.0.18.172.in-addr.arpa", "web.front."), ("2.0.19.172.IN-ADDR.arpa", "api.back.")],
)
def test_reverse(address, name):
    """DOCKER.md 1.5 "PTR": <first DNS name>.<network> for an address of a joined network."""
    assert addresses(ask(three_tiers(), address, "PTR")) == {name}


def test_reverse_of_ipv6_and_of_nobody():
    """DOCKER.md 1.5 "PTR"; addresses of networks that are not joined, and no addresses at all, are handed on."""
    six = "3." + "0." * 29 + "d.f.ip6.arpa"
    assert addresses(ask(three_tiers(), six, "PTR")) == {"db.back."}
    for text in ("3.0.19.172.in-addr.arpa", "0.19.172.in-addr.arpa", "x.in-addr.arpa", "8.8.8.8.in-addr.arpa", "example.org"):
        assert ask(three_tiers(), text, "PTR", by="web").forward


def test_links_hold_for_one_alone():
    """DOCKER.md 1.3 --link on a user's network: an alias private to this container; it wins over others' names."""
    made = three_tiers()
    made = add(made, container("me", links=((ident("container web"), "W"),)), {"front": ["172.18.0.9"]})
    assert addresses(ask(made, "w", by="me")) == {"172.18.0.2"}
    assert addresses(ask(made, "W.front", by="me")) == {"172.18.0.2"}
    assert ask(made, "w", by="web").forward
    by_connect = add(three_tiers(), container("me"), {"front": ["172.18.0.9"]}, links={"front": (("web", "api"),)})
    assert addresses(ask(by_connect, "api", by="me")) == {"172.18.0.2"}
    assert "link to web" in ask(by_connect, "api", by="me").why


def test_a_single_word_is_handed_on_unless_ndots_is_set():
    """DOCKER.md 1.5 "unknown single label": forwarded; NOERROR without an answer when the user set ndots (A and AAAA)."""
    assert ask(three_tiers(), "unknown").forward
    strict = seen(three_tiers(), "api", ndots=True)
    for kind in ("A", "AAAA"):
        message = answered(ask(strict, "unknown", kind))
        assert (message.rcode(), message.answer) == (dns.rcode.NOERROR, [])
    assert ask(strict, "un.known").forward
    assert ask(strict, "unknown", "MX").forward


def crowd(count: int) -> View:
    made = add(state(network("n", "172.18.0.0/16")), container("me"), {"n": ["172.18.255.1"]})
    for number in range(count):
        made = add(made, container(f"c{number}"), {"n": [f"172.18.{number // 250}.{number % 250 + 1}"]}, aliases={"n": ("crowd",)})
    return seen(made, "me")


def test_truncation():
    """DOCKER.md 1.5 "UDP": truncated (TC) at 512 octets or the EDNS size; not by TCP."""
    many = crowd(300)
    small = ask(many, "crowd")
    assert answered(small).flags & dns.flags.TC
    assert 512 - 16 < len(small.octets(b"ab")) <= 512
    larger = ask(many, "crowd", size=4000)
    assert answered(larger).flags & dns.flags.TC
    assert 4000 - 16 < len(larger.octets(b"ab")) <= 4000
    whole = ask(many, "crowd", tcp=True)
    assert not answered(whole).flags & dns.flags.TC
    assert len(addresses(whole)) == 300
    few = ask(crowd(20), "crowd")
    assert len(addresses(few)) == 20
    assert len(few.octets(b"ab")) <= 512


def test_other_classes_are_not_ours():
    question = dns.message.make_query("web", "A", rdclass="CH")
    assert respond(seen(three_tiers(), "api"), question.to_wire()).forward


def test_what_is_no_question():
    """Answers and scraps get nothing; two questions, or none that can be read, FORMERR; other opcodes NOTIMP."""
    here = seen(three_tiers(), "api")
    assert respond(here, b"").octets(b"") == b""
    assert respond(here, b"\0" * 11).octets(b"\0\0") == b""
    assert respond(here, b"\0\0\x80\0" + b"\0" * 8).octets(b"\0\0") == b""
    update = bytearray(dns.message.make_query("web", "A").to_wire())
    update[2] |= 5 << 3
    assert answered(respond(here, bytes(update))).rcode() == dns.rcode.NOTIMP
    none = b"ab\1\0" + b"\0" * 8
    assert answered(respond(here, none)).rcode() == dns.rcode.FORMERR
    good = dns.message.make_query("web", "A").to_wire()
    assert answered(respond(here, good[:-3])).rcode() == dns.rcode.FORMERR


@given(st.binary(max_size=600))
def test_any_octets_get_an_answer_that_can_be_read_or_none(octets):
    """Hostile datagrams: never an exception; what is answered is a message with the asker's number."""
    response = respond(seen(three_tiers(), "api"), octets)
    reply = response.octets(octets[:2])
    if reply:
        message = dns.message.from_wire(reply)
        assert message.flags & dns.flags.QR
        assert message.id == int.from_bytes(octets[:2], "big")
        assert len(reply) <= max(512, len(octets))


LABEL = st.binary(min_size=1, max_size=63)


@given(st.lists(LABEL, max_size=4), st.sampled_from([1, 28, 15, 12, 255, 65535]), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_any_name_is_answered_or_handed_on(labels, kind, number, flags):
    """Labels of any octets: the question comes back as it was put."""
    wired = b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + kind.to_bytes(2, "big") + b"\0\1"
    if len(wired) > 255 + 4:
        return
    query = wire.HEADER.pack(number, flags & ~0xF800, 1, 0, 0, 0) + wired
    response = respond(seen(three_tiers(), "api"), query)
    if not response.forward:
        assert response.octets(query[:2])[12 : 12 + len(wired)] == wired


@given(st.integers(0, 60), st.integers(512, 2000))
def test_an_answer_is_as_large_as_may_be_and_no_larger(count, size):
    """All records that fit and no more; TC exactly where some are missing."""
    view_of_all = crowd_cached(count)
    response = ask(view_of_all, "crowd", size=size) if count else ask(view_of_all, "me", size=size)
    message, octets = answered(response), response.octets(b"ab")
    assert len(octets) <= size
    found = len(addresses(response))
    assert bool(message.flags & dns.flags.TC) == (found < max(count, 1))
    if found < count:
        assert len(octets) + 16 > size


CROWDS: dict[int, View] = {}


def crowd_cached(count: int) -> View:
    if count not in CROWDS:
        CROWDS[count] = crowd(count)
    return CROWDS[count]


def test_why():
    """The log says what an answer comes from."""
    here = three_tiers()
    assert ask(here, "worker").why == "172.19.0.11, 172.19.0.12, 172.19.0.13 on back"
    assert ask(here, "web", "AAAA").why == "known on front, but it has no AAAA record there"
    assert ask(here, "nobody").why == "nobody is called nobody on back, front"
    assert ask(here, "2.0.18.172.in-addr.arpa", "PTR").why == "172.18.0.2 is web.front"


def test_networks_in_dockers_order():
    """The same name on two networks: that of the higher gateway priority first, then external before internal, then
    that with gateways of both families, then by name."""
    made = state(network("a", "172.18.0.0/16", internal=True), network("b", "172.19.0.0/16"), network("c", "172.20.0.0/16"))
    everywhere = {"a": ["172.18.0.2"], "b": ["172.19.0.2"], "c": ["172.20.0.2"]}
    mine = {"a": ["172.18.0.9"], "b": ["172.19.0.9"], "c": ["172.20.0.9"]}
    made = add(made, container("x"), everywhere)
    assert addresses(ask(add(made, container("me"), mine), "x", by="me")) == {"172.19.0.2"}
    assert addresses(ask(add(made, container("me"), mine, priority={"c": 1}), "x", by="me")) == {"172.20.0.2"}
    assert addresses(ask(add(made, container("me"), mine, priority={"b": -1}), "x", by="me")) == {"172.20.0.2"}
    both = replace(network("c", "172.20.0.0/16"), pools=(*network("c", "172.20.0.0/16").pools, *network("c", "fd20::/64").pools))
    made = replace(made, networks={**made.networks, both.id: both})
    assert addresses(ask(add(made, container("me"), mine), "x", by="me")) == {"172.20.0.2"}


def test_a_zone_stays_the_same_object_until_something_changes():
    """Prepared answers live as long as the zones that they are from."""
    zones, made = Zones(), three_tiers()
    zones.follow(made)
    before = dict(zones.zones)
    zones.follow(replace(made))
    assert all(zones.zones[key] is before[key] for key in before)
    zones.follow(add(made, container("new"), {"back": ["172.19.0.77"]}))
    names = {zone.network.name for key, zone in zones.zones.items() if zone is not before[key]}
    assert names == {"back"}
    assert not any(zone.network.name == "bridge" for zone in zones.zones.values())
