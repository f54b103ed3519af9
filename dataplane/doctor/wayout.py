"""The way out of a lab: nftables, forwarding, other people's rules that are in the way, and who may have an uplink."""

from __future__ import annotations

import os
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path

from dataplane.doctor.child import Answer, ask
from dataplane.doctor.finding import Finding
from dataplane.doctor.spaces import enter_own_user_namespace
from dataplane.errors import UserError
from dataplane.hostnet import foreign, legacy, nft
from dataplane.hostnet.rules import HostRules, Way
from dataplane.hostnet.script import script
from dataplane.proc import kernel
from dataplane.proc.server import privileged

TOPIC = "Way out"
PROBE = HostRules(
    lab="probe",
    tap="dp-probe",
    router4=IPv4Interface("172.31.255.2/30"),
    router6=IPv6Interface("fd00::2/126"),
    ways=(Way(protocol="tcp", first=80, last=90, transfer=80, versions=(4, 6)),),
)
FORCED = "/proc/sys/net/ipv6/conf/default/force_forwarding"


def examine() -> list[Finding]:
    """Nothing here is needed for a lab to run: without it, it works inside."""
    return [_uplink(), _nftables(), *_forwarding(), *_obstacles()]


def _finding(name: str, problem: str, detail: str = "", mend: str = "") -> Finding:
    """``problem``: empty when all is well."""
    if not problem:
        return Finding(topic=TOPIC, name=name, state="ok", detail=detail)
    return Finding(topic=TOPIC, name=name, state="limited", detail=problem, mend=mend)


def _uplink() -> Finding:
    problem = "" if privileged() else "labs of an ordinary user work inside, and publish no ports"
    return _finding("uplink", problem, "a TAP in the host's network", "run the lab as root")


def _nftables() -> Finding:
    name, program = "nftables", nft.program()
    if program is None:
        problem = "the program nft is missing: no masquerade; published ports go by the relay"
        return _finding(name, problem, mend="apt-get install nftables")

    def question() -> Answer:
        enter_own_user_namespace()
        kernel.unshare(kernel.CLONE_NEWNET)
        try:
            nft.load(script(PROBE))
        except UserError as error:
            return {"error": error.what}
        return {}

    error = ask(question).get("error")
    mend = "modprobe nf_tables nft_chain_nat nft_masq nft_fib_inet (in a container: on its host), or up --no-host-rules"
    return _finding(name, str(error) if error else "", program, mend)


def _forwarding() -> list[Finding]:
    readonly = os.statvfs("/proc/sys").f_flag & os.ST_RDONLY
    problem = "/proc/sys is read-only: the host cannot be made to forward" if readonly else ""
    mend = "docker run --privileged, or on the host: sysctl -w net.ipv4.ip_forward=1"
    four = _finding("IPv4 forwarding", problem, "set on the interfaces in use, while a lab runs", mend)
    everything = Path("/proc/sys/net/ipv6/conf/all/forwarding")
    if not everything.exists():
        return [four, _finding("IPv6 forwarding", "this kernel has no IPv6", mend="boot without ipv6.disable=1")]
    if everything.read_text("ascii").strip() == "1":
        return [four, _finding("IPv6 forwarding", "", "on already")]
    problem = "" if Path(FORCED).exists() else "before Linux 6.17 it ends router advertisements: labs leave it off"
    mend = "sysctl -w net.ipv6.conf.INTERFACE.accept_ra=2 for each interface, then net.ipv6.conf.all.forwarding=1"
    return [four, _finding("IPv6 forwarding", problem, "by force_forwarding, which leaves router advertisements alone", mend)]


def _obstacles() -> list[Finding]:
    """Only root may read the rules."""
    if os.geteuid() != 0:
        return []
    found = [*foreign.obstacles(nft.listing()), *legacy.obstacles()]
    if not found:
        return [_finding("others' rules", "", "none drops what is forwarded")]
    return [_finding("others' rules", f"{one} drops what is forwarded", mend=one.mend("dp-LAB")) for one in found]
