"""What covers the host's files in a container: /etc/resolv.conf, /etc/hosts and /etc/hostname, one folder a container."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dataplane.desired.records import ContainerRecord, State
from dataplane.dns import etchosts, resolvconf
from dataplane.dns.zone import endpoints_of, resolves

RESOLV, HOSTS, HOSTNAME = "/etc/resolv.conf", "/etc/hosts", "/etc/hostname"
ALL = (RESOLV, HOSTS, HOSTNAME)
SHARED = "container:"


class HostResolv:
    """The host's /etc/resolv.conf, read again when it has changed. ``None``: there is no such file."""

    def __init__(self, path: Path = Path(RESOLV)) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._file = resolvconf.ResolvConf()

    def read(self) -> resolvconf.ResolvConf:
        """What it says now; nothing where it cannot be read."""
        try:
            about = self.path.stat()
            if (about.st_mtime_ns, about.st_ino) != self._stamp:
                self._file = resolvconf.parse(self.path.read_text("utf-8", "replace"))
                self._stamp = (about.st_mtime_ns, about.st_ino)
        except OSError:
            self._stamp, self._file = None, resolvconf.ResolvConf()
        return self._file


class Files:
    """The folder ``etc`` in a daemon's folder. Files are written in place: a bind shows the file, not its name."""

    def __init__(self, folder: Path, host: HostResolv | None = None) -> None:
        self._folder = folder / "etc"
        self._host = host or HostResolv()
        self._state = State()

    def write(self, state: State, container: str) -> dict[str, str]:
        """Write the files of a container that is about to start, its endpoints being in ``state``; what covers what.

        One that shares another's namespace has the other's files. In the host's network its own files stay, but for what was
        asked for."""
        record = state.containers[container]
        if record.network_mode.startswith(SHARED):
            return self._there(record.network_mode.removeprefix(SHARED))
        place = self._folder / container
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        binds = {}
        for target, text in self._texts(state, record).items():
            path = self._paths(container)[target]
            path.write_text(text, "utf-8")
            path.chmod(0o644)  # for processes of other users
            binds[target] = str(path)
        return binds

    def shown(self, state: State, container: str) -> dict[str, str]:
        """What covers what, of one that has been started; where nothing does in the host's network, the host's own file."""
        record = state.containers[container]
        if not record.fate.started:
            return {}
        owner = record.network_mode.removeprefix(SHARED) if record.network_mode.startswith(SHARED) else container
        own = {target: target for target in ALL} if record.network_mode == "host" else {}
        return own | self._there(owner)

    def _there(self, container: str) -> dict[str, str]:
        return {target: str(path) for target, path in self._paths(container).items() if path.exists()}

    def follow(self, state: State) -> None:
        """Refresh the files of those that run and whom the change from the last state to this one concerns."""
        before, self._state = self._state, state
        if not before.containers or before is state:
            return
        touched = _touched(before, state)
        for record in state.containers.values():
            old = before.containers.get(record.id)
            if old is None or not (old.alive and record.alive) or record.network_mode.startswith(SHARED):
                continue
            if record is not old or record.id in touched or any(target in touched for target, _ in record.links):
                self._refresh(record.id, self._texts(before, old), self._texts(state, record))

    def _refresh(self, container: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for target, text in after.items():
            path, old = self._paths(container)[target], before.get(target, text)
            if text == old:
                continue
            with suppress(OSError):  # a container whose files are gone has none to refresh
                now = path.read_text("utf-8", "replace")
                if target == HOSTS:
                    path.write_text(etchosts.merged(now, old, text), "utf-8")
                elif now == old:  # a user's own stays whole
                    path.write_text(text, "utf-8")

    def forget(self, container: str) -> None:
        """Remove a container's files."""
        shutil.rmtree(self._folder / container, ignore_errors=True)

    def _paths(self, container: str) -> dict[str, Path]:
        place = self._folder / container
        return {RESOLV: place / "resolv.conf", HOSTS: place / "hosts", HOSTNAME: place / "hostname"}

    def _texts(self, state: State, record: ContainerRecord) -> dict[str, str]:
        if record.network_mode == "host":
            return self._in_host(state, record)
        host = self._host.read()
        own = endpoints_of(state, record)
        if any(resolves(state.networks[endpoint.network]) for endpoint in own):
            notes = [f"asked in turn: {' '.join(map(str, resolvconf.upstreams(record, host))) or 'nobody'}"]
            resolv = resolvconf.text(resolvconf.embedded(record, host), notes)
        else:
            ipv6 = any(endpoint.endpoint.ipv6 is not None for endpoint in own)
            resolv = resolvconf.text(resolvconf.plain(record, host, ipv6=ipv6))
        return {RESOLV: resolv, HOSTS: etchosts.hosts(state, record), HOSTNAME: f"{etchosts.hostname(record)}\n"}

    def _in_host(self, state: State, record: ContainerRecord) -> dict[str, str]:
        texts = {}
        if record.dns or record.dns_search or record.dns_opt:
            texts[RESOLV] = resolvconf.text(resolvconf.asked(record, self._host.read()))
        if record.extra_hosts:
            texts[HOSTS] = etchosts.hosts(state, record)
        if record.hostname:
            texts[HOSTNAME] = f"{record.hostname}\n"
        return texts


def _touched(before: State, state: State) -> set[str]:
    """Containers whose endpoints are others than before."""
    if before.endpoints is state.endpoints:
        return set()
    old, new = before.endpoints, state.endpoints
    changed = {key for key, record in new.items() if old.get(key) is not record}
    return {container for container, _ in (*changed, *(old.keys() - new.keys()))}
