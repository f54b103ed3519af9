"""``python -m bench.forwarder bare|bridge|gateway FD FD``: what stands between two TAPs in a live benchmark, as a process."""

from __future__ import annotations

import os
import signal
import sys

from fastpath import Bridge, Engine, Loop, TapPort
from fastpath.bareloop import forward


def bare(first: int, second: int) -> None:
    """The bare loop, until SIGTERM."""
    stop, stopping = os.pipe2(os.O_NONBLOCK)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(stopping)
    print("ready", flush=True)
    forward(first, second, stop)


def bridge(first: int, second: int) -> None:
    """Our bridge, until SIGTERM."""
    engine = Engine()
    front = Bridge(engine, "front")
    loop = Loop(engine)
    for name, fd in (("a", first), ("b", second)):
        port = TapPort(engine, name, fd)
        port.lead_to(front, front.add_member(port))
        loop.add(port)
    loop.submit(lambda: print("ready", flush=True))
    loop.run()


def gateway(first: int, second: int) -> None:
    """Our bridge and gateway, masquerade and published ports, until SIGTERM. The first TAP is a container, the second the world."""
    from bench.gateways import CONNECTIONS, GATEWAY, INSIDE, IPERF, OUTSIDE, WORLD
    from fastpath import Flows, Router, Rules

    engine = Engine(seed=1)
    flows = Flows(seed=1)
    rules = Rules(flows)
    router = Router(engine, "router", flows=flows, rules=rules)
    front = Bridge(engine, "front")
    container, uplink = TapPort(engine, "container", first), TapPort(engine, "uplink", second)
    container.lead_to(front, front.add_member(container))
    inside = router.add_interface("front", mac=0x0242_0A00_0001, mtu=1500, addresses=[f"{GATEWAY}/24"])
    member = front.add_member(router, target_input=inside)
    router.lead(inside, front, member)
    front.add_static(0x0242_0A00_0001, member)
    outside = router.add_interface("uplink", mac=0x0242_C000_0202, mtu=1500, addresses=[f"{OUTSIDE}/30"], reverse_path=False)
    router.lead(outside, uplink, 0)
    uplink.lead_to(router, outside)
    router.add_route("0.0.0.0/0", interface=outside, gateway=WORLD)
    rules.set_interface(outside, kind="uplink", name="uplink")
    rules.set_interface(inside, kind="network", name="front", masquerade4=flows.add_pool([OUTSIDE]))
    for port in (IPERF, CONNECTIONS):
        rules.publish("tcp", port, port, target=INSIDE, target_port=port)
    loop = Loop(engine)
    loop.add(container)
    loop.add(uplink)
    loop.submit(lambda: print("ready", flush=True))
    loop.run()


if __name__ == "__main__":
    {"bare": bare, "bridge": bridge, "gateway": gateway}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
