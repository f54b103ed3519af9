"""Wirings as drawings, compared letter for letter."""

import shutil
import subprocess

import pytest
from topologies import attach, network, service, topology

from dataplane.drawing import DRAWINGS, dot, mermaid, text
from dataplane.drivers import wire
from dataplane.plan import make_plan
from dataplane.wiring import Link, NodeSpec, RuleSpec, Wiring, without


def bridged(plan):
    """Without the gateway, which has a drawing of its own below."""
    return without(wire(plan), {"router"})


LAB = bridged(
    make_plan(
        topology(
            [network("front", "10.10.0.0/24"), network("back", "10.20.0.0/24", "fd20::/64", enable_ipv6=True)],
            [service("web", "front", attach("back", driver_opts={"dataplane.hairpin": "1"})), service("database", "back")],
        )
    )
)


def test_text_is_a_tree_a_network_with_aligned_columns():
    assert text(LAB) == (
        "bridge front  ageing 300 s, fdb_limit 65536\n"
        "└── web.front      eth0  10.10.0.2/24              02:42:0a:0a:00:02  mtu 1500\n"
        "bridge back  ageing 300 s, fdb_limit 65536\n"
        "├── web.back       eth1  10.20.0.2/24  fd20::2/64  02:42:0a:14:00:02  mtu 1500  hairpin\n"
        "└── database.back  eth0  10.20.0.3/24  fd20::3/64  02:42:0a:14:00:03  mtu 1500\n"
    )


def test_columns_that_nobody_fills_are_left_out():
    plan = make_plan(topology([network("n", "10.0.0.0/24")], [service("a", "n")]))
    assert text(bridged(plan)).splitlines()[1] == "└── a.n  eth0  10.0.0.2/24  02:42:0a:00:00:02  mtu 1500"


def test_what_is_not_linked_is_shown_too():
    assert text(Wiring.of([NodeSpec("a.n", "port"), NodeSpec("bridge n", "bridge")])) == "bridge n\nnot linked\n    a.n\n"
    assert text(Wiring()) == ""


ROUTED = Wiring.of(
    [
        NodeSpec("bridge n", "bridge"),
        NodeSpec("a.n", "port", {"interface": "eth0", "ipv4": "10.0.0.2/24"}),
        NodeSpec("router", "router"),
        NodeSpec("uplink", "port", {"interface": "dp-lab", "ipv4": "172.31.255.1/30"}),
    ],
    [
        Link("a.n", "bridge n"),
        Link("router", "bridge n", {"mac": "02:42:0a:00:00:01", "ipv4": "10.0.0.1/24", "mtu": 1500, "internal": True}),
        Link("router", "uplink", {"ipv4": "172.31.255.2/30"}),
    ],
    [
        RuleSpec("route 0.0.0.0/0", "route", {"destination": "0.0.0.0/0", "gateway": "172.31.255.1"}, interface="uplink"),
        RuleSpec("publish *:8080/tcp a.n", "publish", {"protocol": "tcp", "first": 8080, "target": "10.0.0.2", "target_port": 80}),
    ],
)


def test_a_router_is_a_branch_with_addresses_of_its_own_and_has_its_rules():
    assert text(ROUTED) == (
        "bridge n\n"
        "├── a.n     eth0  10.0.0.2/24\n"
        "└── router        10.0.0.1/24      02:42:0a:00:00:01  mtu 1500, internal\n"
        "router\n"
        "├── route 0.0.0.0/0  gateway 172.31.255.1\n"
        "└── publish *:8080/tcp a.n  target 10.0.0.2, target_port 80\n"
        "port uplink  interface dp-lab, ipv4 172.31.255.1/30\n"
        "└── router        172.31.255.2/30\n"
    )
    assert mermaid(ROUTED).endswith("  n1 --- n0\n  n2 ---|10.0.0.1/24 internal| n0\n  n2 ---|172.31.255.2/30| n3\n")
    assert '  n2 -- n0 [label="10.0.0.1/24 internal"]\n' in dot(ROUTED)


def test_mermaid():
    assert mermaid(LAB) == (
        "graph LR\n"
        '  n0["bridge front"]\n'
        '  n1(["web.front<br/>eth0 10.10.0.2/24"])\n'
        '  n2["bridge back"]\n'
        '  n3(["web.back<br/>eth1 10.20.0.2/24 fd20::2/64"])\n'
        '  n4(["database.back<br/>eth0 10.20.0.3/24 fd20::3/64"])\n'
        "  n1 --- n0\n"
        "  n3 ---|hairpin| n2\n"
        "  n4 --- n2\n"
    )


def test_dot():
    assert dot(LAB) == (
        "graph wiring {\n"
        "  rankdir=LR\n"
        '  n0 [shape=box label="bridge front"]\n'
        '  n1 [shape=ellipse label="web.front\\neth0 10.10.0.2/24"]\n'
        '  n2 [shape=box label="bridge back"]\n'
        '  n3 [shape=ellipse label="web.back\\neth1 10.20.0.2/24 fd20::2/64"]\n'
        '  n4 [shape=ellipse label="database.back\\neth0 10.20.0.3/24 fd20::3/64"]\n'
        "  n1 -- n0\n"
        '  n3 -- n2 [label="hairpin"]\n'
        "  n4 -- n2\n"
        "}\n"
    )


def test_drawings_are_found_by_name():
    assert {name: draw(LAB) for name, draw in DRAWINGS.items()} == {"text": text(LAB), "mermaid": mermaid(LAB), "dot": dot(LAB)}


ODD = Wiring.of([NodeSpec('a"b\\<c>', "port"), NodeSpec("x", "bridge")], [Link('a"b\\<c>', "x")])


def test_odd_letters_do_not_break_the_drawing():
    assert 'label="a\\"b\\\\<c>"' in dot(ODD)
    assert "a#quot;b\\#lt;c#gt;" in mermaid(ODD)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("wiring", [LAB, ODD, Wiring()])
def test_graphviz_takes_it(wiring):
    subprocess.run(["dot", "-Tsvg"], input=dot(wiring).encode(), check=True, stdout=subprocess.DEVNULL)
