"""Docker's options of bridge networks, as real programs meet them: inside, outside, and on the way between."""

from __future__ import annotations

import json
import os

import pytest
from hosts import HOST4, OUTSIDE4, outside, sh
from labs import in_world, lab, ok, run, wait_for
from servers import PYTHON, TELLER, curl, serving

from dataplane.live.client import Client

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

SECOND4 = "198.51.100.33"
SERVE = f'[{PYTHON}, -c, {json.dumps(TELLER)}, "80"]'
BRIDGE = "com.docker.network.bridge"
NETWORKS = {
    "plain": ("10.81.0", "com.docker.network.driver.mtu: '1400'", ""),
    "quiet": ("10.82.0", f"{BRIDGE}.enable_icc: 'false'", ""),
    "bare": ("10.83.0", f"{BRIDGE}.enable_ip_masquerade: 'false'", ""),
    "bound": ("10.84.0", f"{BRIDGE}.host_binding_ipv4: 127.0.0.1", "8084:80"),
    "routed": ("10.85.0", f"{BRIDGE}.gateway_mode_ipv4: routed", "8085:80"),
    "open": ("10.86.0", f"{BRIDGE}.gateway_mode_ipv4: nat-unprotected", ""),
    "alone": ("10.87.0", f"{BRIDGE}.gateway_mode_ipv4: isolated", ""),
    "sourced": ("10.88.0", f"com.docker.network.host_ipv4: {SECOND4}", ""),
    "inner": ("10.89.0", "", ""),
}


def text() -> str:
    lines = ["services:"]
    for name, (net, _option, port) in NETWORKS.items():
        lines.append(f"  {name}: {{image: host, command: {SERVE}, networks: {{{name}: {{ipv4_address: {net}.10}}}},")
        lines.append(f"    ports: [{json.dumps(port) if port else ''}]}}")
    lines += [f"  quiet2: {{image: host, command: {SERVE}, networks: {{quiet: {{ipv4_address: 10.82.0.11}}}}}}", "networks:"]
    for name, (net, option, _port) in NETWORKS.items():
        internal = "true" if name in {"inner", "alone"} else "false"
        gateway = "" if name == "alone" else f", gateway: {net}.254"
        lines.append(f"  {name}: {{internal: {internal}, driver_opts: {{{option}}},")
        lines.append(f"    ipam: {{config: [{{subnet: {net}.0/24{gateway}}}]}}}}")
    return "\n".join(lines)


def fetched(client: Client, service: str, host: str, port: int = 80) -> str:
    """What a service gets, "" when nobody answers."""
    return run(client, service, "curl", "-s", "-m", "1", f"http://{host}:{port}/")[1]


def inside(client: Client) -> None:
    assert "mtu 1400" in ok(client, "plain", "ip", "link", "show", "eth0")
    assert "mtu 1500" in ok(client, "quiet", "ip", "link", "show", "eth0")
    assert "default via 10.81.0.254 dev eth0" in ok(client, "plain", "ip", "route")
    assert "default via 10.89.0.254 dev eth0" in ok(client, "inner", "ip", "route")
    assert "default" not in ok(client, "alone", "ip", "route")
    assert run(client, "alone", "ping", "-c", "1", "-W", "1", "10.87.0.1")[0] != 0
    ok(client, "inner", "ping", "-c", "1", "-W", "2", "10.89.0.254")
    # Between stations of one network: not without icc, be it that they ask the gateway.
    assert fetched(client, "quiet", "10.82.0.11") == ""
    ok(client, "quiet2", "ip", "route", "add", "10.82.0.10", "via", "10.82.0.254")
    assert fetched(client, "quiet2", "10.82.0.10") == ""


def out(client: Client) -> None:
    seen = {"plain": HOST4, "quiet": HOST4, "bare": "10.83.0.10", "routed": "10.85.0.10", "open": HOST4, "sourced": SECOND4}
    for service, address in seen.items():
        assert fetched(client, service, OUTSIDE4, 8000) == address, service
    for service in ("alone", "inner"):
        assert fetched(client, service, OUTSIDE4, 8000) == "", service


def back_in(client: Client) -> None:
    """From another machine that has a route to every network, and between networks."""
    reached = {name for name, (net, _option, _port) in NETWORKS.items() if curl(f"http://{net}.10/", "outside", seconds=3)}
    assert reached == {"routed", "open"}
    answers = {n for n, (net, _o, _p) in NETWORKS.items() if "1 received" in sh(f"{OUT} ping -c 1 -W 3 {net}.10", check=False)}
    assert answers == {"routed", "open"}
    assert {name for name, (net, _option, _port) in NETWORKS.items() if fetched(client, "plain", f"{net}.10")} == {
        "plain",
        "routed",
        "open",
    }
    # Ports of the host: bound to 127.0.0.1 by the network's option; a routed network has none of those.
    assert curl("http://127.0.0.1:8084/")
    assert curl(f"http://{HOST4}:8084/", "outside", seconds=1) == ""
    assert fetched(client, "plain", HOST4, 8084) == ""
    assert fetched(client, "plain", "172.31.255.2", 8084) == ""
    assert curl(f"http://{HOST4}:8085/", "outside", seconds=1) == ""


OUT = "ip netns exec outside"


@in_world()
def test_every_option_of_a_bridge_network() -> None:
    with outside():
        sh(f"ip address add {SECOND4}/24 dev eth0")
        for net, _option, _port in NETWORKS.values():
            sh(f"ip -n outside route add {net}.0/24 via {HOST4}")
        with lab(text(), "options") as client, serving("outside", 8000):
            for service in (*NETWORKS, "quiet2"):
                wait_for(lambda service=service: ":80 " in ok(client, service, "ss", "-tln"), "it listens")
            inside(client)
            out(client)
            back_in(client)
