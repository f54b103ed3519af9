"""Network drivers side by side, in labs as users start them: two services, TCP, round trips, processor time a gigabit.

    host      both in the host's namespace, over its loopback: no driver at all
    bridge, macvlan, ipvlan   siblings on one network; a veth is the parent of the latter two
    overlay   two labs, a veth with a packet socket at each end between them: every frame is put into VXLAN and taken out

``python -m bench.live_drivers --help``. The engine's processor time is that of the labs' processes; the machine's is all that was
not idle, sender and receiver among it, so that it says something on an otherwise idle machine only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.live import PINGS, Comparison, round_trips, tcp
from bench.namespaces import Namespace, Namespaces, command
from bench.switches import TARGET, Switch
from bench.table import Table

FIGURES = {
    "tcp": ("drivers: TCP, one stream, Mbit/s", 0),
    "p50": ("drivers: round trip, median, us", 1),
    "p99": ("drivers: round trip, 99 %, us", 1),
    "engine": ("drivers: processor seconds of the engines per gigabit", 3),
    "machine": ("drivers: processor seconds of the machine per gigabit", 3),
}
ROUNDS = 5


class Room(Namespace):
    """A namespace that is there already; "" is the host's own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.processes = []

    def words(self, *words: str) -> list[str]:
        return super().words(*words) if self.name else [*words]

    def delete(self) -> None:
        for process in self.processes[:]:
            self.end(process)


class Driver(Switch):
    """Labs of one driver. ``files``: by lab, its networks and who is on them."""

    def __init__(self, spaces: Namespaces, name: str) -> None:
        self.spaces, self.name, self.process = spaces, name, None
        self.labs: list[str] = []
        self.folder = tempfile.TemporaryDirectory(prefix="bench-drivers-")

    def lab(self, name: str, services: dict[str, str], network: str, more: str = "") -> None:
        """Start one; services with their addresses."""
        rows = "".join(f"  {one}: {{image: host, networks: {{n: {{ipv4_address: {at}}}}}}}\n" for one, at in services.items())
        full = f"bench-{os.getpid()}-{name}"
        file = Path(self.folder.name) / f"{name}.yaml"
        subnet = "ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.254}]}"
        file.write_text(f"name: {full}\nservices:\n{rows}networks:\n  n: {{{network}, {subnet}}}\n{more}")
        command(sys.executable, "-m", "dataplane", "up", "-d", "-f", str(file))
        self.labs.append(full)
        for one in services:
            setattr(self, one, Room(f"{full}-{one}"))

    def stop(self) -> None:
        for lab in self.labs:
            subprocess.run([sys.executable, "-m", "dataplane", "down", "--lab", lab], capture_output=True, check=False)
        self.folder.cleanup()

    def processor_seconds(self) -> float | None:
        from dataplane.proc.registry import holder, lab_folder

        total = 0
        for lab in self.labs:
            known = holder(lab_folder(lab))
            if known is None:
                raise RuntimeError(f"{lab} is gone")
            fields = Path(f"/proc/{known[0]}/stat").read_text().rpartition(") ")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK") if self.labs else None

    def parent(self) -> str:
        """A veth whose other end nobody uses: options of a network on it."""
        host, far = self.spaces.add(f"{self.name}-host"), self.spaces.add(f"{self.name}-far")
        host.run("ip", "link", "add", "p0", "type", "veth", "peer", "name", "eth0", "netns", far.name)
        host.up("p0")
        far.up("eth0")
        return f"driver_opts: {{parent: p0, dataplane.parent_netns: /run/netns/{host.name}}}"


class OfHost(Driver):
    title = "host"
    world = "127.0.0.1"

    def start(self) -> None:
        self.a = self.b = Room("")


class OfBridge(Driver):
    title = "bridge"

    def start(self) -> None:
        self.lab(self.name, {"a": "10.0.0.1", "b": TARGET}, "driver: bridge, internal: true")


class OfMacvlan(Driver):
    title = "macvlan"

    def start(self) -> None:
        self.lab(self.name, {"a": "10.0.0.1", "b": TARGET}, f"driver: {self.title}, {self.parent()}")


class OfIpvlan(OfMacvlan):
    title = "ipvlan"


class OfOverlay(Driver):
    title = "overlay, two labs"

    def start(self) -> None:
        ends = [self.spaces.add(f"{self.name}-{side}") for side in ("left", "right")]
        for end in ends:
            end.quiet()
        ends[0].run(
            "ip", "link", "add", "u0", "mtu", "1600", "type", "veth", "peer", "name", "u0", "mtu", "1600", "netns", ends[1].name
        )
        network = 'driver: overlay, driver_opts: {com.docker.network.driver.overlay.vxlanid_list: "4242"}'
        for number, (end, (one, address)) in enumerate(zip(ends, {"a": "10.0.0.1", "b": TARGET}.items(), strict=True), 1):
            end.up("u0")
            below = (
                f"kind: packet, name: u0, netns: /run/netns/{end.name}, address: 192.0.2.{number}/24,"
                f" mtu: 1600, peers: [{{address: 192.0.2.{3 - number}}}]"
            )
            self.lab(f"{self.name}-{one}", {one: address}, network, f"x-dataplane: {{underlay: {{{below}}}}}\n")


DRIVERS = {"host": OfHost, "bridge": OfBridge, "macvlan": OfMacvlan, "ipvlan": OfIpvlan, "overlay": OfOverlay}


def busy() -> float:
    """Processor seconds of the machine that were not idle, since it started."""
    fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def measure(switch: Switch, seconds: float) -> dict[str, float]:
    """One round of one driver."""
    before, began = busy(), time.monotonic()
    rate, cpu = tcp(switch, switch.a, switch.b, seconds, target=switch.world)
    gigabits = rate / 1000 * (time.monotonic() - began)
    figures = {"tcp": rate, "machine": (busy() - before) / gigabits}
    if cpu is not None:
        figures["engine"] = cpu * 1000 / rate
    figures["p50"], figures["p99"] = round_trips(switch.a, switch.world)
    return figures


class OneTable(Comparison):
    """All figures of a driver in a row."""

    def tables(self, result: dict[str, Any]) -> list[Table]:
        """Medians, with the quartiles of TCP."""
        columns = ("driver", "TCP Mbit/s", "quartiles", "RTT us", "99 %", "engine", "machine")
        table = Table("Network drivers, in one run", columns)
        for case, figures in result["figures"].items():
            shown = {name: f"{figures[name]['median']:.{digits}f}" for name, (_, digits) in FIGURES.items() if name in figures}
            spread = f"{figures['tcp']['low']:.0f}–{figures['tcp']['high']:.0f}"
            row = (shown["tcp"], spread, shown["p50"], shown["p99"], shown.get("engine", ""), shown["machine"])
            table.rows.append((self.switches[case].title, *row))
            table.raw[case] = [value for values in result["samples"][case].values() for value in values]
        table.notes.append("engine, machine: processor seconds a gigabit of TCP; the machine's where nobody else is at work")
        table.notes.append(
            f"{result['rounds']} interleaved rounds, transfers of {result['seconds']:g} s, {PINGS} pings; "
            f"Linux {result['kernel']}, {result['cores']} cores, load {result['load']:.1f}, {result['date']}"
        )
        return [table]


COMPARED = OneTable(DRIVERS, FIGURES, measure, ROUNDS)
main = COMPARED.command("Measure network drivers side by side: those named, or all.")

if __name__ == "__main__":
    main(prog_name="bench.live_drivers")
