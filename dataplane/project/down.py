"""Remove what a daemon has of a project."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dataplane.client import Daemon
from dataplane.project import found
from dataplane.project.up import Tell

AT_ONCE = 16


def stop(daemon: Daemon, project: str) -> None:
    """Stop its containers, all at once, each with its own grace."""
    running = [one.id for one in found.containers(daemon, project).values() if one.running]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: daemon.ask("POST", f"/containers/{number}/stop", timeout=None), running))


def down(daemon: Daemon, project: str, tell: Tell) -> bool:
    """Stop and remove its containers, then its networks. False: there is nothing of it."""
    containers, networks = found.containers(daemon, project), found.networks(daemon, project)
    if not containers and not networks:
        return False
    stop(daemon, project)
    for one in containers.values():
        tell(f"- container {one.name}")
        daemon.ask("DELETE", f"/containers/{one.id}", query={"force": True}, timeout=None)
    for network in networks.values():
        tell(f"- network {network.name}")
        daemon.ask("DELETE", f"/networks/{network.id}")
    return True
