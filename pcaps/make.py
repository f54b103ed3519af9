"""Make the captures of this folder anew: `python pcaps/make.py [NAME …]`, as root, with dataplane, tcpdump, ping, curl and socat.

Each is taken by tcpdump in a namespace of the lab in lab.yaml while the commands of its entry run there. The octets differ from
run to run (times, ports, identifications), so the files are made once and kept.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
LAB = FOLDER / "lab.yaml"

# Name of the capture: the service where tcpdump listens, and what runs meanwhile, (service, command) one after the other.
CAPTURES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "arp-ping": (
        "client",
        [("client", "ip neigh flush all"), ("web", "ip neigh flush all"), ("client", "ping -c 3 -i 0.2 10.30.0.10")],
    ),
    "nd-ping6": ("client", [("client", "ip -6 neigh flush all"), ("client", "ping -6 -c 3 -i 0.2 fd00:30::10")]),
    "http": ("client", [("client", "curl -s http://10.30.0.10/BSD")]),
    "http6": ("web", [("client", "curl -s 'http://[fd00:30::10]/BSD'")]),
    "fragments": ("client", [("client", "ping -c 1 -s 4000 10.30.0.10"), ("client", "ping -6 -c 1 -s 4000 fd00:30::10")]),
    "udp-unreachable": ("client", [("client", "echo hello | socat -t 0.2 - UDP4:10.30.0.10:9")]),
    "multicast": (
        "web",
        [
            ("web", "timeout 1.5 socat -u UDP4-RECV:5000,ip-add-membership=239.1.2.3:eth0 - & sleep 0.7"),
            ("client", "echo hello | socat -u - UDP4-DATAGRAM:239.1.2.3:5000,ip-multicast-if=10.30.0.20; sleep 1"),
        ],
    ),
    "unknown-station": (
        "web",
        [
            ("client", "ip neigh replace 10.30.0.99 lladdr 02:42:0a:1e:00:63 dev eth0"),
            ("client", "ping -c 2 -i 0.2 -W 1 10.30.0.99"),
        ],
    ),
}


def dataplane(*words: str) -> None:
    """A command of ours."""
    subprocess.run([sys.executable, "-m", "dataplane", *words], check=True)


def inside(service: str, command: str) -> list[str]:
    """A shell command in the service's network namespace."""
    return ["ip", "netns", "exec", f"pcaps-{service}", "sh", "-c", command]


def make(name: str) -> None:
    """Take one capture. tcpdump says that it listens once it does: before, frames would be missed."""
    where, commands = CAPTURES[name]
    path = FOLDER / f"{name}.pcap"
    listen = f"exec tcpdump -i eth0 -Z root -U --immediate-mode --time-stamp-precision=nano -w {path}"
    with subprocess.Popen(inside(where, listen), stderr=subprocess.PIPE) as tcpdump:
        assert tcpdump.stderr is not None
        while b"listening on" not in tcpdump.stderr.readline():
            assert tcpdump.poll() is None, f"{name}: tcpdump ended"
        for service, command in commands:
            subprocess.run(inside(service, command), stdout=subprocess.DEVNULL, check=False)
        time.sleep(1)
        tcpdump.terminate()
    print(f"{path.name}: {path.stat().st_size} octets")


def main() -> None:
    """Make those named, else all."""
    dataplane("up", "-d", str(LAB))
    try:
        time.sleep(3)  # until the router solicitations and reports of a fresh namespace are over
        for name in sys.argv[1:] or CAPTURES:
            make(name)
    finally:
        dataplane("down", "-f", str(LAB))


if __name__ == "__main__":
    main()
