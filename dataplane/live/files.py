"""The files that a lab puts over the host's in each service: /etc/hosts, and /etc/resolv.conf where ``dns:`` says so."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dataplane.live.hosts import LOCAL, hosts_text
from dataplane.model import Instance, Plan, Service

HOSTS, RESOLV = "/etc/hosts", "/etc/resolv.conf"


class Files:
    """The folder ``etc`` in a lab's state folder."""

    def __init__(self, folder: Path) -> None:
        self._instances = folder / "instances"
        self._folder = folder / "etc"

    def write(self, plan: Plan) -> None:
        """Write every instance's files. In place: a running service sees the new text."""
        self._folder.mkdir(mode=0o755, exist_ok=True)
        for instance in plan.instances.values():
            base = Path(HOSTS).read_text("utf-8", "replace") if instance.service.network_mode == "host" else LOCAL
            self._put(f"{instance.name}.hosts", hosts_text(plan, instance, base))
            if _resolves(instance.service):
                self._put(f"{instance.name}.resolv", resolv_text(instance.service))

    def _put(self, name: str, text: str) -> None:
        path = self._folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o644)  # for services that run as other users

    def binds(self, home: Instance, instance: Instance) -> Mapping[str, str]:
        """What covers what in an instance that lives in the namespace of ``home``, and shares its names with it."""
        binds = {}
        if home.service.network_mode != "host" or home.service.extra_hosts:
            binds[HOSTS] = str(self._folder / f"{home.name}.hosts")
        if _resolves(instance.service):
            binds[RESOLV] = str(self._folder / f"{instance.name}.resolv")
        return binds

    def forget(self, name: str) -> None:
        """Remove an instance's files and its log."""
        for kind in ("hosts", "resolv"):
            with suppress(FileNotFoundError):
                (self._folder / f"{name}.{kind}").unlink()
        shutil.rmtree(self._instances / name, ignore_errors=True)


def _resolves(service: Service) -> bool:
    return bool(service.dns or service.dns_search or service.dns_opt)


def resolv_text(service: Service) -> str:
    """/etc/resolv.conf (resolv.conf(5)) of a service."""
    lines = [f"nameserver {server}" for server in service.dns]
    lines += [f"search {' '.join(service.dns_search)}"] if service.dns_search else []
    lines += [f"options {' '.join(service.dns_opt)}"] if service.dns_opt else []
    return "".join(f"{line}\n" for line in lines)
