"""The files that a lab puts over the host's in each service: /etc/hosts, and /etc/resolv.conf where ``dns:`` says so."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dataplane.model import Instance, Plan, Service
from dataplane.names import hosts_file
from dataplane.sandbox import sandbox_of

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
            self._put(f"{instance.name}.hosts", self._hosts(plan, instance))
            if _resolves(instance.service):
                self._put(f"{instance.name}.resolv", resolv_text(instance.service))

    @staticmethod
    def _hosts(plan: Plan, instance: Instance) -> str:
        if plan.instances[sandbox_of(plan, instance.name)].service.network_mode != "host":
            return hosts_file(plan, instance.name)
        with suppress(FileNotFoundError):
            return hosts_file(plan, instance.name, Path(HOSTS).read_text("utf-8", "replace"))
        return hosts_file(plan, instance.name)

    def _put(self, name: str, text: str) -> None:
        path = self._folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o644)  # for services that run as other users

    def binds(self, instance: Instance, *, in_host: bool) -> Mapping[str, str]:
        """What covers what in an instance; in the host's network its hosts file stays, unless there is something to add."""
        binds = {}
        if not in_host or instance.service.extra_hosts:
            binds[HOSTS] = str(self._folder / f"{instance.name}.hosts")
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
