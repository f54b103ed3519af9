"""Live, through a gateway: what a container gets out of it, and the world by a published port. ``python -m bench.live_nat --help``.

As `bench.live`, with the kernel's bridge, masquerade and DNAT by nftables over veth, and the bare loop with as many TAP crossings:

    TCP out, in      one stream of iperf3 from the container; one to it, by a published port
    connections      TCP connections opened and closed per second, 16 on their way at once, out and in
    RTT              ping -A from the container
"""

from __future__ import annotations

import sys

from bench import live
from bench.gateways import CONNECTIONS, GATEWAYS
from bench.namespaces import Namespace
from bench.switches import Switch

FIGURES = {
    "out": ("gateway: TCP out, one stream, Mbit/s", 0),
    "in": ("gateway: TCP in by a published port, one stream, Mbit/s", 0),
    "open_out": ("gateway: connections out, 1/s", 0),
    "open_in": ("gateway: connections in by a published port, 1/s", 0),
    "p50": ("gateway: round trip, median, us", 1),
    "p99": ("gateway: round trip, 99 %, us", 1),
    "cpu": ("gateway: processor seconds of it per second of TCP out", 2),
}


def connections(client: Namespace, server: Namespace, target: str, seconds: float) -> float:
    """Connections per second."""
    module = (sys.executable, "-m", "bench.connections")
    with live.serving(server, *module, "serve", str(CONNECTIONS)):
        return float(client.run(*module, "open", target, str(CONNECTIONS), str(seconds)))


def measure(gateway: Switch, seconds: float) -> dict[str, float]:
    """One round of one gateway."""
    inside, world = gateway.a, gateway.b
    figures: dict[str, float] = {}
    figures["out"], cpu = live.tcp(gateway, inside, world, seconds, target=gateway.world)
    if cpu is not None:
        figures["cpu"] = cpu
    figures["in"], _ = live.tcp(gateway, world, inside, seconds, target=gateway.published)
    figures["open_out"] = connections(inside, world, gateway.world, seconds)
    figures["open_in"] = connections(world, inside, gateway.published, seconds)
    figures["p50"], figures["p99"] = live.round_trips(inside, gateway.world)
    return figures


COMPARISON = live.Comparison(GATEWAYS, FIGURES, measure)
run, tables = COMPARISON.run, COMPARISON.tables
main = COMPARISON.command("Measure gateways between a container and the world, side by side: those named, or all.")


if __name__ == "__main__":
    main(prog_name="bench.live_nat")
