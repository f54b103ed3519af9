"""What labs stand on besides the network: the compiled engine, epoll, open files, memory pages, the state folder."""

from __future__ import annotations

import importlib.util
import os
import platform
import resource
import select
from pathlib import Path

from dataplane.doctor.finding import Finding

TOPIC = "Machine"
ENOUGH_FILES = 1024
"""A service needs about five descriptors: 200 of them."""


def examine() -> list[Finding]:
    """Kernel, engine, epoll, open files, huge pages."""
    return [_kernel(), _engine(), _epoll(), _files(), _huge_pages()]


def _kernel() -> Finding:
    name = f"{platform.system()} {platform.release()}"
    detail = f"{platform.machine()}, {len(os.sched_getaffinity(0))} CPUs"
    return Finding(topic=TOPIC, name=name, state="ok", detail=detail, needed=True)


def _engine() -> Finding:
    """Looks for the compiled modules without loading them."""
    package = importlib.util.find_spec("fastpath")
    folder = Path(package.origin).parent if package is not None and package.origin else None
    if folder is not None and any(folder.glob("engine.*.so")):
        return Finding(topic=TOPIC, name="packet engine", state="ok", detail="compiled", needed=True)
    mend = "pip install . (needs a C compiler), or make demo"
    return Finding(topic=TOPIC, name="packet engine", state="missing", detail="not compiled", mend=mend, needed=True)


def _epoll() -> Finding:
    try:
        select.epoll().close()
    except OSError as error:
        return Finding(
            topic=TOPIC, name="epoll", state="missing", detail=str(error), mend="close programs: no descriptor is free", needed=True
        )
    return Finding(topic=TOPIC, name="epoll", state="ok", needed=True)


def _files() -> Finding:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= ENOUGH_FILES:
        limit = "no limit" if hard == resource.RLIM_INFINITY else f"up to {hard:,}"
        return Finding(topic=TOPIC, name="open files", state="ok", detail=limit)
    detail = f"only {hard:,}: about {hard // 5} services a lab"
    return Finding(topic=TOPIC, name="open files", state="limited", detail=detail, mend=f"ulimit -Hn {ENOUGH_FILES}")


def _huge_pages() -> Finding:
    path = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    try:
        chosen = path.read_text(encoding="ascii").split("[")[1].split("]")[0]
    except (OSError, IndexError):
        chosen = "not in this kernel"
    if chosen in {"always", "madvise"}:
        return Finding(topic=TOPIC, name="huge pages", state="ok", detail=chosen)
    mend = f"big tables miss the TLB more often; as root: echo madvise > {path}"
    return Finding(topic=TOPIC, name="huge pages", state="limited", detail=chosen, mend=mend)
