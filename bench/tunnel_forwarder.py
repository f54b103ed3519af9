"""``python -m bench.tunnel_forwarder tap|udp 1|2 FD FD…``: one of two hosts of an overlay, as a process.

The first TAP is its container's. Behind it stand a bridge and a VTEP, whose underlay is the other TAP, or sockets that the kernel
routes.
"""

from __future__ import annotations

import sys

from bench.overlay_ends import CONTAINER_MTU, UNDERLAY_MTU, VNI, address, vtep_mac
from fastpath import Bridge, Engine, Loop, TapPort, UdpPort
from fastpath.device import DevicePort
from fastpath.vtep import Vtep


def main(underlay: str, number: int, container: int, *fds: int) -> None:
    """Until SIGTERM."""
    engine = Engine(seed=number)
    front = Bridge(engine, "front")
    port = TapPort(engine, "container", container, mtu=CONTAINER_MTU)
    port.lead_to(front, front.add_member(port))
    sockets = underlay == "udp"
    wire: DevicePort
    if sockets:
        wire = UdpPort(engine, "underlay", fds, mac=vtep_mac(number), mtu=UNDERLAY_MTU)
    else:
        wire = TapPort(engine, "underlay", fds[0], mtu=UNDERLAY_MTU)
    vtep = Vtep(engine, "vtep", mac=vtep_mac(number), addresses=[f"{address(number)}/24"], mtu=UNDERLAY_MTU, any_hop=sockets)
    vtep.lead(wire)
    wire.lead_to(vtep)
    overlay = vtep.add_overlay("overlay", front, VNI, local=address(number))
    vtep.add_peer(overlay, address(3 - number))
    loop = Loop(engine)
    for device in (port, wire):
        loop.add(device)
    loop.submit(lambda: print("ready", flush=True))
    loop.run()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
