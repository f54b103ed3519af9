"""Two ends of an overlay, and an underlay between: our VTEP with containers on TAPs, namespaces with the kernel's vxlan device.

a, b (10.9.0.1, .2) ── bridge ── vtep ── under ══ underlay ══ far: under0 ── vx100 (10.9.0.99, fd00::99)

`how` the underlay is reached: "packet", a packet socket on one end of a veth; "udp", sockets of the host that has that end;
"tap", a TAP whose device is the far end's interface. `routed`: a router between, so that the far end is in another subnet.
`offloads` of our underlay port: without, what the far end captures is what a wire would carry; with them checksums are left
to it, and super-frames whole. On a packet socket an underlay's port finishes what it sends anyway.
"""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.namespaces import Namespace, Namespaces
from fastpath import PacketPort, TapPort, UdpPort, Vtep, open_packet, open_udp
from tests.live.switch import Switch, iperf

OUR_MAC, FAR_MAC = "02:00:5e:00:00:01", "02:00:5e:00:00:02"
OURS = {4: "192.0.2.1", 6: "2001:db8::1"}
NEAR = {4: "192.0.2.2", 6: "2001:db8::2"}
BEHIND = {4: "198.51.100.2", 6: "2001:db8:9::2"}
GROUP = {4: "239.1.1.1", 6: "ff15::1:1"}
LENGTH = {4: 24, 6: 64}
BEFORE = {4: 50, 6: 70}
# What Wireshark remarks on about TCP that works: segments and acknowledgements that a busy machine lost, repeated or delayed, and
# connections that begin and end.
LISTED = ("ACK to a TCP", "ACKed segment", "Connection ", "D-SACK", "Duplicate ACK", "Previous segment", "TCP Zero", "TCP keep",
          "TCP window", "This frame initiates", "This frame is a (suspected)", "This frame undergoes")  # fmt: skip
# What we and the hosts send. What programs put into TCP and UDP is random octets from random ports; left to guess, Wireshark
# takes now and then a whole stream of it for Thrift, IRC or a plant's field bus, and remarks on how badly that is written.
PROTOCOLS = {"frame", "eth", "ethertype", "vlan", "arp", "ip", "ipv6", "ipv6.hopopts", "icmp", "icmpv6", "igmp", "udp", "tcp",
             "vxlan", "data", "_ws.expert", "_ws.malformed", "_ws.short", "_ws.unreassembled"}  # fmt: skip


def mac_number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


class Site(Switch):
    """`vtep`, `settings`: of the node, its overlay; `kernel`: words for the far vxlan device; `peers`: static ones, both ways."""

    def __init__(
        self,
        v: int = 4,
        how: str = "packet",
        *,
        mtu: int = 1500,
        routed: bool = False,
        peers: bool = True,
        vtep: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
        kernel: tuple[str, ...] = (),
        vni: int = 100,
        offloads: bool = True,
    ) -> None:
        super().__init__("a", "b", mtu=mtu - BEFORE[v])
        self.v, self.how, self.mtu, self.vni, self.offloads = v, how, mtu, vni, offloads
        self.groups = bool((settings or {}).get("group"))
        self.more = Namespaces("vxlan")
        self.under: PacketPort | TapPort | UdpPort | None = None
        try:
            self.far = self.more.add("far")
            self.router = self.more.add("router") if routed else None
            self.theirs = BEHIND[v] if routed else NEAR[v]
            self._underlay(routed)
            addresses = [f"{OURS[family]}/{LENGTH[family]}" for family in (4, 6)]
            more = {"any_hop": True, "arp": False} if how == "udp" else {}
            self.vtep = Vtep(self.engine, "vtep", mac=mac_number(OUR_MAC), addresses=addresses, mtu=mtu, **more, **(vtep or {}))
            self.under.lead_to(self.vtep, 0)
            self.vtep.lead(self.under)
            self.overlay = self.vtep.add_overlay("red", self.bridge, vni, local=OURS[v], **(settings or {}))
            if peers:
                self.vtep.add_peer(self.overlay, self.theirs)
            if routed:
                for family, prefix in ((4, "198.51.100.0/24"), (6, "2001:db8:9::/64")):
                    self.vtep.add_route(prefix, NEAR[family])
            remote = ("remote", OURS[v]) if peers else ()
            self.device("vx100", vni, "10.9.0.99/24", "fd00::99/64", *remote, *kernel)
        except BaseException:
            self.spaces.__exit__(None, None, None)
            self.more.__exit__(None, None, None)
            raise

    def _underlay(self, routed: bool) -> None:
        """Our port, and under0 of whoever is next: the router, or the far end itself."""
        near = self.router or self.far
        near.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1")
        addresses = [f"{NEAR[family]}/{LENGTH[family]}" for family in (4, 6)]
        if self.how == "tap":
            fd = near.tap(*addresses, link="under0", mac=FAR_MAC, mtu=self.mtu)
            self.under = TapPort(self.engine, "under", fd, mtu=self.mtu, offloads=self.offloads)
        else:
            host = self.more.add("host")
            host.quiet()
            size = ("mtu", str(self.mtu))
            peer = ("peer", "name", "under0", "address", FAR_MAC, *size, "netns", near.name)
            host.run("ip", "link", "add", "wan", *size, "type", "veth", *peer)
            near.up("under0", *addresses)
            if self.how == "udp":
                if not self.offloads:
                    # Or the capture shows what the kernel leaves to the other end of the veth.
                    host.run("ethtool", "-K", "wan", "tx", "off")
                self.under = self._sockets(host)
            else:
                host.up("wan")
                with host.entered():
                    fd = open_packet("wan")
                self.under = PacketPort(self.engine, "under", fd, mtu=self.mtu, finish=True)
        self.ports["under"] = self.under  # type: ignore[assignment]
        self.loop.add(self.under)
        if self.router is not None:
            size = ("mtu", str(self.mtu))
            self.router.run(
                "ip", "link", "add", "far0", *size, "type", "veth", "peer", "name", "under0", *size, "netns", self.far.name
            )
            self.router.up("far0", "198.51.100.1/24", "2001:db8:9::1/64")
            self.far.up("under0", *(f"{BEHIND[family]}/{LENGTH[family]}" for family in (4, 6)))
            self.far.run("ip", "route", "add", "192.0.2.0/24", "via", "198.51.100.1")
            self.far.run("ip", "route", "add", "2001:db8::/64", "via", "2001:db8:9::1")

    def _sockets(self, host: Namespace) -> UdpPort:
        """The host's stack has our addresses, and routes."""
        host.run("ip", "link", "set", "wan", "address", OUR_MAC)
        host.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.wan.disable_ipv6=0")
        host.up("wan", *(f"{OURS[family]}/{LENGTH[family]}" for family in (4, 6)))
        for family in (4, 6):
            host.run("ip", "route", "add", "default", "via", NEAR[family])
        with host.entered():
            fds = open_udp([OURS[4], OURS[6]], groups=[GROUP[self.v]] if self.groups else [])
        return UdpPort(self.engine, "under", fds, mac=mac_number(OUR_MAC), mtu=self.mtu)

    def device(self, name: str, vni: int, *words: str, space: Namespace | None = None) -> None:
        """A vxlan device of the far end with these addresses (they have a prefix) and further words; moved to `space` if given."""
        addresses = [word for word in words if "/" in word]
        more = [word for word in words if "/" not in word]
        self.far.run("ip", "link", "add", name, "type", "vxlan", "id", str(vni), "dstport", "4789", "local", self.theirs, *more)
        where = self.far
        if space is not None:
            self.far.run("ip", "link", "set", name, "netns", space.name)
            where = space
        where.run("ip", "link", "set", name, "mtu", str(self.mtu - BEFORE[self.v]))
        where.up(name, *addresses)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        super().__exit__(kind, error, trace)
        self.more.__exit__(kind, error, trace)

    # -- what is asked -----------------------------------------------------------------------------------------------------

    def do(self, function: Any, *words: Any, **named: Any) -> Any:
        """Between turns of the loop."""
        return self.loop.submit(lambda: function(*words, **named)).result(30)

    def serve(self) -> None:
        """An iperf3 server at the far end, which listens when this returns."""
        self.far.start("iperf3", "-s")
        deadline = time.monotonic() + 30
        while ":5201 " not in self.far.run("ss", "-tln"):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def measure(self, *words: str, source: str = "a") -> dict[str, Any]:
        """One run of iperf3, as soon as the server has done with the one before."""
        deadline = time.monotonic() + 30
        while not (end := iperf(self[source], *words)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return end

    def moves(self, target: str = "10.9.0.99", *words: str, size: str = "20M") -> None:
        """TCP from a to the server there, and back: all of it is sent, and arrives."""
        for more in ((), ("-R",)):
            end = self.measure("-c", target, "-n", size, *more, *words)
            least = int(size[:-1]) << 20
            assert end["sum_sent"]["bytes"] >= least
            # The report ends when the last octet was sent; buffers hold a few of the 20 MiB.
            assert end["sum_received"]["bytes"] >= (least // 4 if least > 16 << 20 else 1000)

    def reaches(
        self, target: str = "10.9.0.99", source: str = "a", *, size: int = 56, count: int = 3, space: Namespace | None = None
    ) -> bool:
        """A few pings, none of them cut on the way, are answered."""
        words = ("ping", "-q", "-c", str(count), "-i", "0.05", "-W", "2", "-M", "do", "-s", str(size), target)
        try:
            (space or self[source]).run(*words)
        except RuntimeError:
            return False
        return True

    def known(self) -> dict[str, int]:
        """The bridge's stations: MAC address -> member."""
        rows = self.loop.submit(lambda: self.bridge.stations(self.engine.now)).result(30)
        return {int(row["mac"]).to_bytes(6, "big").hex(":"): int(row["member"]) for row in rows}

    def counters(self) -> dict[str, int]:
        return self.do(self.vtep.named_counters)  # type: ignore[no-any-return]

    def mac_of(self, space: Namespace, link: str) -> str:
        return space.run("cat", f"/sys/class/net/{link}/address").strip()

    # -- what was seen on the wire -----------------------------------------------------------------------------------------

    def capture(self, file: Path) -> subprocess.Popen[str]:
        """tcpdump of the underlay at its other end, listening when this returns."""
        near = self.router or self.far
        process = near.start("tcpdump", "-i", "under0", "-s", "0", "-U", "-w", str(file), "-Z", "root")
        deadline = time.monotonic() + 30
        while not file.exists() or file.stat().st_size < 24:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    def finish(self, process: subprocess.Popen[str]) -> None:
        time.sleep(0.3)
        process.terminate()
        process.wait(30)
        (self.router or self.far).end(process)


def remarks(file: Path) -> list[str]:
    """What tshark remarks on about packets that we sent, beyond what is listed."""
    found = tshark(file, "_ws.malformed || _ws.expert.severity >= warning", "frame.number", "_ws.expert.message", separator="\x1f")
    packets = [line.split("\t") for line in found]
    said = [(number, remark) for number, text in packets for remark in text.split("\x1f")]
    return [f"{number}: {remark}" for number, remark in said if not remark.startswith(LISTED)]


def tshark(file: Path, wanted: str, *fields: str, separator: str = ",") -> list[str]:
    """These fields of the packets of ours that a filter selects; of what they carry, `PROTOCOLS` are looked into."""
    words = [word for field in fields for word in ("-e", field)]
    words += ["-E", f"aggregator={separator}"]
    checks = ("ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "tcp.check_checksum:TRUE")
    options = [word for check in checks for word in ("-o", check)]
    env = {**os.environ, "WIRESHARK_CONFIG_DIR": _settings().name}
    told = subprocess.run(
        ["tshark", "-r", str(file), *options, "-Y", f"eth.src == {OUR_MAC} && ({wanted})", "-T", "fields", *words],
        capture_output=True, text=True, check=True, env=env,
    )  # fmt: skip
    return [line for line in told.stdout.splitlines() if line.strip()]


@functools.cache
def _settings() -> tempfile.TemporaryDirectory[str]:
    """A folder that tells Wireshark which protocols are none of ours; to ask which there are takes a second."""
    folder = tempfile.TemporaryDirectory(prefix="wireshark")
    table = subprocess.run(["tshark", "-G", "protocols"], capture_output=True, text=True, check=True).stdout
    known = {line.split("\t")[2] for line in table.splitlines()}
    assert known >= PROTOCOLS
    Path(folder.name, "disabled_protos").write_text("".join(f"{name}\n" for name in sorted(known - PROTOCOLS)))
    return folder
