"""Make the captures of this folder anew: `python -m pcaps.vxlan.make [NAME …]`, as root, with iproute2, tcpdump, ping, ethtool.

Two namespaces on one veth, each with a vxlan device of the kernel's: what tcpdump sees on the veth between them is what real VTEPs
send. Nothing offloads, so that every checksum is complete. The octets differ from run to run (source ports, identifications), so
the files are made once and kept.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LEFT, RIGHT = "vxlan-pcaps-left", "vxlan-pcaps-right"
VNI, PORT = 7348, 4789
PING = "ping -c 2 -i 0.2 10.60.0.2"
TAGGED = bytes.fromhex("02420a3c0002 02420a3c0001 8100 003d 88b5".replace(" ", "")) + b"tagged".ljust(46, b"\0")
"""A frame with a VLAN tag (802.1Q, 61), of an experimental type (IEEE 802, 9.2.3)."""
SEND = f"import socket; s = socket.socket(17, 3); s.bind(('overlay', 0)); s.send(bytes.fromhex('{TAGGED.hex()}'))"
# Name of the capture: what the devices are told beside id and addresses, the underlay's addresses, and what runs at the left.
CAPTURES: dict[str, tuple[str, tuple[str, str], list[str]]] = {
    "kernel": (f"dstport {PORT}", ("192.0.2.1", "192.0.2.2"), ["ip neigh flush all", PING]),
    "kernel6": (f"dstport {PORT}", ("2001:db8::1", "2001:db8::2"), ["ip neigh flush all", PING]),
    "kernel-bare": (f"dstport {PORT} noudpcsum", ("192.0.2.1", "192.0.2.2"), [PING]),
    "kernel-8472": ("dstport 8472", ("192.0.2.1", "192.0.2.2"), [PING]),
    "kernel-vlan": (f"dstport {PORT}", ("192.0.2.1", "192.0.2.2"), ["send"]),
    "kernel-vnis": (f"dstport {PORT}", ("192.0.2.1", "192.0.2.2"), ["ping -c 1 10.60.0.2", "ping -c 1 10.62.0.2"]),
}


def sh(words: str, *, check: bool = True) -> None:
    """A command."""
    subprocess.run(words.split(), check=check, stdout=subprocess.DEVNULL)


def inside(space: str, words: str) -> str:
    """The command in a namespace."""
    return f"ip netns exec {space} {words}"


def set_up(settings: str, addresses: tuple[str, str]) -> None:
    """Both ends: the veth, the vxlan device of VNI 7348, and one of VNI 7349."""
    for space in (LEFT, RIGHT):
        sh(f"ip netns add {space}")
        sh(inside(space, "sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0"))
    sh(f"ip -n {LEFT} link add wire type veth peer name wire netns {RIGHT}")
    for number, (space, ours, theirs) in enumerate(((LEFT, *addresses), (RIGHT, *addresses[::-1])), 1):
        sh(inside(space, "ethtool -K wire tx off"))
        six = ":" in ours
        sh(f"ip -n {space} link set wire address 02:42:c0:00:02:0{number}")
        sh(f"ip -n {space} address add {ours}/{64 if six else 24} dev wire")
        sh(f"ip -n {space} link set wire up")
        for vni, link, subnet in ((VNI, "overlay", "10.60.0"), (VNI + 1, "other", "10.62.0")):
            sh(f"ip -n {space} link add {link} type vxlan id {vni} local {ours} remote {theirs} dev wire {settings}")
            sh(inside(space, f"sysctl -qw net.ipv6.conf.{link}.disable_ipv6=1"))
            mac = f"02:42:0a:{int(subnet.split('.')[1]):02x}:00:0{number}"
            sh(f"ip -n {space} link set {link} address {mac} mtu {1430 if six else 1450}")
            sh(inside(space, f"ethtool -K {link} tx off"))
            sh(f"ip -n {space} address add {subnet}.{number}/24 dev {link}")
            sh(f"ip -n {space} link set {link} up")


def make(name: str) -> None:
    """Take one capture. tcpdump says that it listens once it does: before, frames would be missed."""
    settings, addresses, commands = CAPTURES[name]
    path = HERE / f"{name}.pcap"
    port = settings.split()[1]
    listen = f"tcpdump -i wire -Z root -U --immediate-mode --time-stamp-precision=nano -w {path} udp port {port}"
    try:
        set_up(settings, addresses)
        time.sleep(1)
        with subprocess.Popen(inside(RIGHT, listen).split(), stderr=subprocess.PIPE) as tcpdump:
            assert tcpdump.stderr is not None
            while b"listening on" not in tcpdump.stderr.readline():
                assert tcpdump.poll() is None, f"{name}: tcpdump ended"
            for command in commands:
                words = ["python3", "-c", SEND] if command == "send" else command.split()
                subprocess.run([*inside(LEFT, "").split(), *words], check=True, stdout=subprocess.DEVNULL)
            time.sleep(0.5)
            tcpdump.terminate()
    finally:
        for space in (LEFT, RIGHT):
            sh(f"ip netns delete {space}", check=False)
    print(f"{path.name}: {path.stat().st_size} octets")


def main() -> None:
    """Make those named, else all."""
    for name in sys.argv[1:] or CAPTURES:
        make(name)


if __name__ == "__main__":
    main()
