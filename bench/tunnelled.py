"""Paths with a tunnel in them: the encapsulation alone, and a bridge with a VTEP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from bench import outer
from bench.natted import mac
from bench.outer import PORT, VNI
from bench.paths import Options, Path
from bench.traffic import announcements
from fastpath import Bridge, Decapsulator, Encapsulator
from fastpath.vtep import Vtep

MTU = 9000


class Tunnelled(Path):
    """`source` is where frames come in, `target` where they leave. Stations `target % peers` are behind one peer."""

    def __init__(self, frames: Sequence[bytes], *, version: int, peers: int = 1, **options: Unpack[Options]) -> None:
        self.version, self.peers = version, peers
        super().__init__(frames, mtu=MTU, **options)


class Push(Tunnelled):
    """The header alone: nothing is looked up."""

    def wire_up(self) -> None:
        node = Encapsulator(self.engine, "encap")
        local, remote = outer.local(self.version), outer.remote(self.version, 0)
        ours, theirs = mac(outer.LOCAL_MAC), mac(outer.remote_mac(0))
        tunnel = node.add_tunnel(VNI, local=local, remote=remote, local_mac=ours, remote_mac=theirs, port=PORT)
        self.sender.lead_to(node, tunnel)
        node.lead_to(self.receivers[0])


class Pop(Tunnelled):
    """The header is checked and taken off; nothing but the VNI is looked up."""

    def wire_up(self) -> None:
        node = Decapsulator(self.engine, "decap", port=PORT)
        self.sender.lead_to(node)
        node.lead_network(VNI, self.receivers[0])


class Both(Push):
    """On and off again (RFC 8219, 4.2: dual DUT)."""

    def wire_up(self) -> None:
        super().wire_up()
        encap = self.engine.by_name["encap"]
        decap = Decapsulator(self.engine, "decap", port=PORT)
        assert isinstance(encap, Encapsulator)
        encap.lead_to(decap)
        decap.lead_network(VNI, self.receivers[0])


class Overlaid(Tunnelled):
    """A bridge whose other end is a VTEP: from the sender's stations to those behind the peers; with `back` the other way.

    Both sides are learned: the bridge from what the senders send, its tunnels from what the peers send.
    """

    def __init__(
        self,
        frames: Sequence[bytes],
        *,
        version: int,
        peers: int = 1,
        pairs: int,
        inside: Sequence[bytes],
        back: bool = False,
        **options: Unpack[Options],
    ) -> None:
        self.pairs, self.inside = pairs, inside
        super().__init__(frames, version=version, peers=peers, **options)
        if back:
            self.source, self.target = self.target, self.source

    def wire_up(self) -> None:
        self.bridge = Bridge(self.engine, "bridge", limit=2 * self.pairs + 16, member_limit=self.pairs + 8)
        self.sender.lead_to(self.bridge, self.bridge.add_member(self.sender))
        prefix = 23 if self.version == 4 else 64
        address = f"{outer.local(self.version)}/{prefix}"
        self.vtep = Vtep(self.engine, "vtep", mac=mac(outer.LOCAL_MAC), addresses=[address], mtu=MTU, arp=False)
        self.vtep.lead(self.receivers[0])
        self.receivers[0].lead_to(self.vtep)
        overlay = self.vtep.add_overlay("overlay", self.bridge, VNI, local=outer.local(self.version), limit=self.pairs + 8)
        for peer in range(self.peers):
            remote = outer.remote(self.version, peer)
            self.vtep.add_neighbor(remote, mac(outer.remote_mac(peer)))
            self.vtep.add_peer(overlay, remote)

    def start(self) -> None:
        known = announcements(self.pairs)
        peers = np.arange(self.pairs) % self.peers
        self.push_all(self.receivers[0], outer.arriving(known, peers, self.version))
        self.push_all(self.sender, self.inside)
        self.flooded = self.bridge.named_counters()["flooded"]
        self.source.cycle(self.frames)

    def problems(self) -> list[str]:
        found = [line for line in super().problems() if "same port" not in line]
        counted = self.bridge.named_counters()
        if counted["stations"] != 2 * self.pairs:
            found.append(f"{counted['stations']} stations known, {2 * self.pairs} wanted")
        if counted["flooded"] != self.flooded:
            found.append(f"{counted['flooded'] - self.flooded} frames flooded")
        if copied := self.vtep.named_counters()["bytes_copied"]:
            found.append(f"{copied} octets copied")
        return found
