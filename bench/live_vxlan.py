"""Live, container to container through an overlay of two hosts. ``python -m bench.live_vxlan --help``.

As `bench.live`. In a round each case is measured once: TCP both ways (iperf3, one stream), round trips, and how busy the machine
was for each gigabit that arrived, all processes and the kernel counted; that says something where nothing else runs.
"""

from __future__ import annotations

from bench import live
from bench.overlay_ends import OVERLAYS, machine_seconds
from bench.switches import TARGET, Switch

FIGURES = {
    "out": ("VXLAN: TCP, one stream, Mbit/s", 0),
    "back": ("VXLAN: TCP the other way, Mbit/s", 0),
    "p50": ("VXLAN: round trip, median, us", 1),
    "p99": ("VXLAN: round trip, 99 %, us", 1),
    "cpu": ("VXLAN: processor seconds of the machine per Gbit of TCP", 3),
}


def measure(overlay: Switch, seconds: float) -> dict[str, float]:
    """One round of one case."""
    before = machine_seconds()
    out = live.iperf(overlay.a, overlay.b, "-t", live.whole(seconds))["sum_received"]
    spent = machine_seconds() - before
    figures = {"out": out["bits_per_second"] / 1e6, "cpu": spent / (out["bytes"] * 8e-9)}
    back = live.iperf(overlay.b, overlay.a, "-t", live.whole(seconds), target=overlay.published)
    figures["back"] = back["sum_received"]["bits_per_second"] / 1e6
    figures["p50"], figures["p99"] = live.round_trips(overlay.a, TARGET)
    return figures


COMPARISON = live.Comparison(OVERLAYS, FIGURES, measure, rounds=7)
run, tables = COMPARISON.run, COMPARISON.tables
main = COMPARISON.command("Measure overlays between two containers, side by side: those named, or all.")


if __name__ == "__main__":
    main(prog_name="bench.live_vxlan")
