"""Make the captures of this folder anew: `python -m pcaps.nat.make`, as root, with dataplane, tcpdump, ping, curl, ethtool.

The lab is examples/nat.yaml, its uplink one end of a veth; at the other end, in the namespace `world`, is the router that the file
names, and behind it two servers. Nothing offloads. NAME-sent is what all of them send; NAME-world and NAME-client what these get.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from fastpath import Capture
from tests.scenarios.script import Record, pcap

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "examples" / "nat.yaml"
LAB, WIRE, WORLD = "natpcaps", "natwire0", "world"
OFFLOADS = 'driver_opts: {dataplane.offloads: "false"}\n    ipam:'
WORLD_SET_UP = """
ip netns add world
ip link add natwire0 type veth peer name eth0 address 02:00:00:00:00:01 netns world
ip link set natwire0 up
ip -n world link set lo up
ip -n world link set eth0 up
ip -n world address add 203.0.113.1/24 dev eth0
ip -n world address add 198.51.100.53/32 dev lo
ip -n world address add 198.51.100.7/32 dev lo
ethtool -K natwire0 tx off
ip netns exec world ethtool -K eth0 tx off
ip netns exec world sysctl -qw net.ipv6.conf.all.disable_ipv6=1
sysctl -qw net.ipv6.conf.natwire0.disable_ipv6=1
"""
# Name of the capture: what runs in the client's, the server's and the world's namespace.
CAPTURES = {
    "out": [("client", "curl -s http://198.51.100.53:8000/sent.txt"), ("client", "ping -c 2 -i 0.2 198.51.100.53")],
    "in": [(WORLD, "curl -s --interface 198.51.100.7 http://203.0.113.2:8080/sent.txt")],
    "errors": [
        ("client", 'python3 -c \'import socket; s = socket.socket(2, 2); s.sendto(b"nobody", ("198.51.100.53", 9))\''),
        ("client", "ping -c 1 -t 1 -W 1 198.51.100.53"),
        (WORLD, "ping -c 1 -W 1 203.0.113.2"),
    ],
    "fragments": [("client", "ping -c 1 -s 4000 198.51.100.53"), ("web", "ping -c 1 -s 3000 198.51.100.7")],
}


def sh(command: str, *, check: bool = True) -> None:
    """A command of the host's."""
    subprocess.run(command, shell=True, check=check, stdout=subprocess.DEVNULL)


def inside(where: str, command: str) -> list[str]:
    """In a service's namespace, or in the world."""
    return ["ip", "netns", "exec", where if where == WORLD else f"{LAB}-{where}", "sh", "-c", command]


def make(name: str) -> None:
    """Three listeners for what is sent and three for what is got; then all that is sent in one file, in order of time."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        listeners = []
        for where in ("client", "web", WORLD):
            for way in ("out", "in"):
                path = Path(folder, f"{way}.{where}.pcap")
                listen = f"exec tcpdump -Q {way} -i eth0 -Z root -U --immediate-mode --time-stamp-precision=nano -w {path} ip"
                tcpdump = stack.enter_context(subprocess.Popen(inside(where, listen), stderr=subprocess.PIPE))
                assert tcpdump.stderr is not None
                while b"listening on" not in tcpdump.stderr.readline():
                    assert tcpdump.poll() is None, f"{name}: tcpdump ended"
                listeners.append(tcpdump)
        for where, command in CAPTURES[name]:
            subprocess.run(inside(where, command), stdout=subprocess.DEVNULL, check=False)
        time.sleep(1)
        for tcpdump in listeners:
            tcpdump.terminate()
            tcpdump.wait()
        sent = sorted(record for where in ("client", "web", WORLD) for record in read(Path(folder, f"out.{where}.pcap")))
        write(HERE / f"{name}-sent.pcap", sent)
        write(HERE / f"{name}-world.pcap", read(Path(folder, f"in.{WORLD}.pcap")))
        write(HERE / f"{name}-client.pcap", read(Path(folder, "in.client.pcap")))


def read(path: Path) -> list[Record]:
    """Times and octets."""
    with path.open("rb", buffering=0) as file:
        return [(time_ns, octets) for time_ns, octets, _ in Capture(file, path.name)]


def write(path: Path, records: list[Record]) -> None:
    """As a nanosecond pcap."""
    path.write_bytes(pcap(records))
    print(f"{path.name}: {len(records)} frames")


def main() -> None:
    """All of them."""
    text = (
        FILE.read_text().replace("name: eth0", f"name: {WIRE}").replace("ipam:", OFFLOADS).replace("name: nat\n", f"name: {LAB}\n")
    )
    text = text.replace("image: host\n    ports:", "image: host\n    command: python3 -m http.server 80\n    ports:")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sent.txt").write_text("sent\n" * 1000)
        lab = Path(folder, "compose.yaml")
        lab.write_text(text)
        try:
            for line in WORLD_SET_UP.strip().splitlines():
                sh(line)
            subprocess.run([sys.executable, "-m", "dataplane", "up", "-d", "--seed", "0", str(lab)], check=True)
            with subprocess.Popen(inside(WORLD, f"cd {folder} && exec python3 -m http.server 8000 >/dev/null 2>&1")) as server:
                time.sleep(3)
                for name in sys.argv[1:] or CAPTURES:
                    make(name)
                server.terminate()
        finally:
            subprocess.run([sys.executable, "-m", "dataplane", "down", "-f", str(lab)], check=False)
            sh(f"ip link delete {WIRE}", check=False)
            sh(f"ip netns delete {WORLD}", check=False)


if __name__ == "__main__":
    main()
