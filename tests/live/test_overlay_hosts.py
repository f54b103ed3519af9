"""Overlays on hosts that are not as one would have them: no root, somebody else's firewall."""

from __future__ import annotations

import os

import pytest
from hosts import HOST4, OUTSIDE4, outside, sh
from labs import in_world, run, up
from test_live_overlay import both, half, talk

from dataplane import compose, live
from dataplane.errors import UserError
from dataplane.live.client import Client

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="a host of the test's own needs root")]


def two_addresses() -> None:
    """A host with two addresses, which an ordinary user could not give it."""
    sh(f"ip address add {HOST4}/32 dev lo; ip address add {OUTSIDE4}/32 dev lo")


@in_world(user=True, before=two_addresses)
def test_sockets_as_an_ordinary_user_and_two_labs_on_one_host() -> None:
    """kind: udp takes no privilege; each lab is a VTEP at an address of its own, its services in user namespaces of their own."""
    assert os.geteuid() != 0
    ours = half("a", f"{{kind: udp, address: {HOST4}, peers: [{OUTSIDE4}]}}")
    theirs = half("b", f"{{kind: udp, address: {OUTSIDE4}, peers: [{HOST4}]}}")
    with both(ours, theirs) as (one, other):
        talk(one, other)
        for client, peer in ((one, OUTSIDE4), (other, HOST4)):
            (row,) = client.vteps("net")["overlays"]
            assert (row["kind"], [each["peer"] for each in row["peers"]], row["moving"]) == ("udp", [peer], [])
            assert client.drops() == []
        with pytest.raises(UserError, match="UDP port 4789 is taken"):
            up(ours, "ovc")


@in_world()
def test_a_foreign_firewall_under_an_underlay_is_named_with_what_mends_it() -> None:
    """A chain of somebody else's that drops what is forwarded: `up` says so, once, and alters nothing; what it says works."""
    ours = half("a", "{kind: tap, address: 192.0.2.2/30, peers: [198.51.100.2]}")
    theirs = half("b", f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}, peers: [192.0.2.2]}}")
    said: list[str] = []
    with outside():
        sh(f"ip -n outside route add 192.0.2.0/30 via {HOST4}")
        sh("nft add table inet fence; nft 'add chain inet fence pass { type filter hook forward priority 0; policy drop; }'")
        before = sh("nft list table inet fence")
        topology = compose.load(theirs, name="ovb", text=True, environment={})
        assert live.up(topology, detach=True) == 0
        topology = compose.load(ours, name="ova", text=True, environment={})
        try:
            for _ in range(2):
                assert live.up(topology, detach=True, on_step=lambda row: said.append(row["what"])) == 0
            (sentence,) = (words for words in said if "fence" in words)
            assert sentence.startswith(
                "table inet fence, chain pass (policy drop) drops what the host forwards for this underlay; it is not ours: mend: "
            )
            assert sh("nft list table inet fence") == before
            one, other = (Client(live.find(lab=name).folder) for name in ("ova", "ovb"))
            assert run(one, "a", "ping", "-c", "2", "-i", "0.1", "-W", "1", "10.0.9.130")[0] != 0
            sh(sentence.partition("mend: ")[2])
            talk(one, other)
        finally:
            live.down("ova")
            live.down("ovb")
            sh("nft delete table inet fence")
