"""Networks with uplinks of their own, with real programs: into two namespaces, and beside the lab's on one host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hosts import HOST4, OUTSIDE4, assert_same, forget_names, outside, sh, state
from labs import in_world, lab, ok, run, up, wait_for
from servers import PYTHON, TELLER, curl, patient_curl, serving
from test_live_uplink import change, killed

from dataplane import live
from dataplane.live.rows import StepRow

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

WORLD = "203.0.113.50"
"""The address of a server in each world; it tells who asks."""
WORLDS = ("east", "west")


def text(front: str, back: str, ports: tuple[str, str] = ("8080:80", "8080:80")) -> str:
    """``front``, ``back``: the networks' uplinks, "" for the lab's."""
    teller = f"image: host, command: [{PYTHON}, -c, {json.dumps(TELLER)}, '80']"

    def own(uplink: str) -> str:
        return f", x-dataplane: {{uplink: {uplink}}}" if uplink else ""

    return f"""
services:
  a: {{{teller}, networks: [front], ports: ['{ports[0]}']}}
  b: {{{teller}, networks: [back], ports: ['{ports[1]}']}}
networks:
  front: {{ipam: {{config: [{{subnet: 10.77.0.0/24}}]}}{own(front)}}}
  back: {{ipam: {{config: [{{subnet: 10.78.0.0/24}}]}}{own(back)}}}
"""


@contextmanager
def worlds() -> Iterator[None]:
    """Two namespaces that have nothing to do with one another, nor with the host."""
    for name in WORLDS:
        sh(f"ip netns add {name}; ip -n {name} link set lo up; ip -n {name} address add {WORLD}/32 dev lo")
    with serving("east", 8000), serving("west", 8000):
        yield
    for name in WORLDS:
        sh(f"ip netns delete {name}")
    forget_names()


def untouched() -> None:
    """The worlds have nothing of a lab."""
    for name in WORLDS:
        assert sh(f"ip netns exec {name} nft list ruleset") == ""
        assert "dp-" not in sh(f"ip -n {name} -o link")
        assert "10.7" not in sh(f"ip -n {name} route")


def fetch(client: live.Client, service: str, url: str) -> str:
    return ok(client, service, "curl", "-s", "-m", "8", url)


APART = text("{netns: /run/netns/east}", "{netns: /run/netns/west}")


@in_world()
def test_each_network_reaches_only_its_own_world_and_publishes_there() -> None:
    with worlds():
        before = state()
        with lab(APART, "worlds") as client:
            assert_same(before, state())
            # Both have a server at one address; each is asked by the uplink's own.
            assert fetch(client, "a", f"http://{WORLD}:8000/") == "172.31.255.2"
            assert fetch(client, "b", f"http://{WORLD}:8000/") == "172.31.255.6"
            # One port number, in two worlds: who asks is the host there.
            assert patient_curl("http://127.0.0.1:8080/", "east") == "172.31.255.1"
            assert patient_curl("http://127.0.0.1:8080/", "west") == "172.31.255.5"
            assert curl("http://[::1]:8080/", "east") == "172.31.255.1"
            assert curl("http://10.77.0.2/", "east") == "172.31.255.1"
            assert "10.78.0.0/24" not in sh("ip -n east route")
            assert "10.77.0.0/24" not in sh("ip -n west route")
            # The host there, at the gateway's address.
            assert fetch(client, "a", "http://10.77.0.1:8000/") == "172.31.255.2"
            assert run(client, "a", "curl", "-s", "-m", "1", "http://172.31.255.5:8000/")[0] != 0
            assert "other uplink" in {row["reason"] for row in client.drops()}
            # What another network publishes is reached inside.
            assert fetch(client, "a", "http://10.78.0.1:8080/") == "172.31.255.2"
            assert [row["port"] for row in client.lab()["uplinks"]] == ["uplink.front", "uplink.back"]
            assert [row["held"] for row in client.lab()["published"]] == [True, True]
            ways = {(row["interface"], row["network"]) for row in client.routes() if row["gateway"]}
            assert ways == {("uplink.front", "front"), ("uplink.back", "back")}
        untouched()
        assert_same(before, state())


@in_world()
def test_nothing_is_left_in_either_world_after_kill_9() -> None:
    with worlds():
        before = state()
        up(APART, "worlds")
        killed("worlds")
        wait_for(lambda: "dp-" not in sh("ip -n east -o link") + sh("ip -n west -o link"), "TAPs end with their process")
        assert "dataplane-worlds.front" in sh("ip netns exec east nft list tables")
        assert "dataplane-worlds.back" in sh("ip netns exec west nft list tables")
        assert live.down("worlds")
        untouched()
        up(APART, "worlds")
        killed("worlds")
        up(APART, "worlds")  # over what was left
        assert patient_curl("http://127.0.0.1:8080/", "west") == "172.31.255.5"
        assert live.down("worlds")
        untouched()
        assert_same(before, state())


@in_world()
def test_a_network_moves_from_world_to_world_while_the_lab_runs() -> None:
    with worlds(), lab(APART, "moving") as client:
        told = change(client, text("{netns: /run/netns/east}", "{kind: none}"))
        assert "no way out of back: the file says uplink kind none" in [row["what"] for row in told]
        assert sh("ip netns exec west nft list ruleset") == ""
        assert [row["port"] for row in client.lab()["uplinks"]] == ["uplink.front"]
        assert run(client, "b", "curl", "-s", "-m", "2", f"http://{WORLD}:8000/")[0] == 7  # refused: an error came
        assert fetch(client, "a", f"http://{WORLD}:8000/") == "172.31.255.2"
        change(client, text("{netns: /run/netns/west}", "{netns: /run/netns/east}"))
        assert patient_curl("http://127.0.0.1:8080/", "east")
        assert curl("http://10.78.0.2/", "east")
        assert curl("http://10.77.0.2/", "west")
        change(client, APART)
        assert curl("http://10.77.0.2/", "east")


@in_world()
def test_beside_the_labs_own_on_one_host() -> None:
    """Two TAPs of one host: each network has its own, and the host's ports are reached from both."""
    with outside(), serving("outside", 8000):
        before = state()
        told: list[StepRow] = []
        client = up(text("", "{kind: tap}", ("8080:80", "8081:80")), "pair", on_step=told.append)
        assert {row["what"].partition(":")[0] for row in told} >= {
            "nftables table dataplane-pair",
            "nftables table dataplane-pair.back",
        }
        assert [row["name"] for row in client.lab()["uplinks"]] == ["dp-pair", "dp-pair.back"]
        for service in ("a", "b"):
            assert fetch(client, service, f"http://{OUTSIDE4}:8000/") == HOST4
        for port, other in (("8080", "b"), ("8081", "a")):
            assert patient_curl(f"http://{HOST4}:{port}/", "outside") == OUTSIDE4
            assert patient_curl(f"http://127.0.0.1:{port}/")
            assert fetch(client, other, f"http://{HOST4}:{port}/")
        # The port stays with its service when its network gets another uplink, and moves with it.
        change(client, text("", "", ("8080:80", "8081:80")))
        assert "dp-pair.back" not in sh("ip -o link")
        assert patient_curl(f"http://{HOST4}:8081/", "outside") == OUTSIDE4
        change(client, text("", "{kind: tap}", ("8080:80", "8081:80")))
        assert patient_curl(f"http://{HOST4}:8081/", "outside") == OUTSIDE4
        killed("pair")
        assert live.down("pair")
        assert_same(before, state())
