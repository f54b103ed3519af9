"""The program nft(8): load a script in one transaction, read what others have."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

from dataplane.errors import UserError

MEND = "apt-get install nftables, or up --no-host-rules to do without"
PATIENCE = 30.0
SBIN = "/usr/sbin:/sbin"


def program() -> str | None:
    """Where it is, also outside of an ordinary user's PATH."""
    return shutil.which("nft") or shutil.which("nft", path=SBIN)


def load(script: str) -> None:
    """Carry out a script whole, or not at all. UserError when the program is missing or the kernel refuses."""
    done = _run("-f", "-", given=script)
    if done.returncode != 0:
        first = done.stderr.strip().splitlines()[:1]
        mend = "dataplane doctor says what this kernel has; up --no-host-rules does without"
        raise UserError(f"nftables refuses the lab's rules: {' '.join(first)}", where="nft -f -", mend=mend, status=1)


def listing() -> list[dict[str, Any]]:
    """Tables, chains and rules of all, as ``nft -j`` has them (libnftables-json(5)); empty when they cannot be read."""
    import json

    if program() is None:
        return []
    done = _run("-j", "list", "ruleset")
    if done.returncode != 0 or not done.stdout.strip():
        return []
    found: list[dict[str, Any]] = json.loads(done.stdout).get("nftables", [])
    return found


def _run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    name = program()
    if name is None:
        raise UserError("the program nft is missing: nobody can set the host's rules", where="nft", mend=MEND, status=1)
    try:
        return subprocess.run(
            [name, *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"nft did not answer within {PATIENCE:g} s", where="nft", mend="try nft list ruleset", status=1) from None
