"""Rules of iptables-legacy, which nft does not show: the same question to the older program, where its tables are in use."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from dataplane.hostnet.foreign import Obstacle

PATIENCE = 10.0
PROGRAMS = {"ip": ("iptables-legacy", "ip_tables_names"), "ip6": ("ip6tables-legacy", "ip6_tables_names")}
SBIN = "/usr/sbin:/sbin"


def obstacles(tap: str = "") -> list[Obstacle]:
    """Of the caller's namespace. Nothing where the tables are not in use, or the program is missing."""
    found: list[Obstacle] = []
    for family, (program, names) in PROGRAMS.items():
        text = ""
        with suppress(OSError):
            text = Path(f"/proc/thread-self/net/{names}").read_text("ascii")
        path = shutil.which(program) or shutil.which(program, path=SBIN)
        if "filter" not in text.split() or path is None:
            continue
        with suppress(OSError, subprocess.TimeoutExpired):
            words = [path, "-w", "-S", "FORWARD"]
            env = {**os.environ, "LC_ALL": "C"}
            said = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, env=env)
            found += judged(said.stdout, family, tap)
    return found


def judged(listing: str, family: str, tap: str) -> list[Obstacle]:
    """From ``iptables -S FORWARD``: its policy drops, or its last rule; and nothing accepts the TAP in both directions."""
    lines = [shlex.split(line) for line in listing.splitlines()]
    rules = [line[2:] for line in lines if line[:2] == ["-A", "FORWARD"]]
    if tap and all([option, tap, "-j", "ACCEPT"] in rules for option in ("-i", "-o")):
        return []
    if ["-P", "FORWARD", "DROP"] in lines:
        return [Obstacle(family, "filter", "FORWARD", "policy drop, iptables-legacy")]
    if rules and rules[-1][:2] in (["-j", "DROP"], ["-j", "REJECT"]):
        return [Obstacle(family, "filter", "FORWARD", "its last rule drops, iptables-legacy")]
    return []
