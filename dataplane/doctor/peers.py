"""Other programs that the demo, the benchmarks and a curious user call."""

from __future__ import annotations

import shutil

from dataplane.doctor.finding import Finding

TOPIC = "Programs beside ours"
PEERS = {
    "ip": ("iproute2", "shows namespaces from outside"),
    "ping": ("iputils-ping", "the demo's echo"),
    "iperf3": ("iperf3", "TCP throughput"),
    "tcpdump": ("tcpdump", "captures inside a namespace"),
    "tshark": ("tshark", "reads captures"),
    "vde_switch": ("vde2", "a peer in `bench`"),
    "ovs-vswitchd": ("openvswitch-switch", "a peer in `bench`"),
}
SBIN = "/usr/sbin:/sbin"
"""Where an ordinary user's PATH does not look."""


def examine() -> list[Finding]:
    """Which of them are installed; none is needed for a lab."""
    found = []
    for name, (package, purpose) in PEERS.items():
        if shutil.which(name) or shutil.which(name, path=SBIN):
            found.append(Finding(topic=TOPIC, name=name, state="ok", detail=purpose))
        else:
            mend = f"apt-get install {package}"
            found.append(Finding(topic=TOPIC, name=name, state="missing", detail=purpose, mend=mend))
    return found
