"""What the reader of a file should know though nothing is wrong: collected while reading, said once at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """``unused``: keys that change nothing here -> who has them. ``never_run``: services whose command is not run.
    ``volumes``: names of volumes, or targets of unnamed ones -> the services that want them."""

    unused: dict[str, dict[str, None]] = field(default_factory=dict)
    never_run: list[str] = field(default_factory=list)
    unset: dict[str, None] = field(default_factory=dict)
    volumes: dict[str, dict[str, None]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def ignore(self, key: str, owner: str = "") -> None:
        """Note that ``key`` of ``owner`` (a service or network; "" for the file itself) changes nothing."""
        owners = self.unused.setdefault(key, {})
        if owner:
            owners[owner] = None

    def no_volume(self, volume: str, owner: str) -> None:
        """Note that the service ``owner`` wants a volume, and there are none."""
        self.volumes.setdefault(volume, {})[owner] = None

    def sentences(self) -> tuple[str, ...]:
        """The warnings, each key, service and variable in one of them."""
        said = list(self.remarks)
        if self.unset:
            said.append(f"not set, so an empty text stands in their place: {', '.join(self.unset)}")
        if self.never_run:
            said.append(
                f"idle namespaces, because an image's command would run on this host's own files: {', '.join(self.never_run)} "
                "(to run them anyway: x-dataplane: {run: true}, or up --run-commands)"
            )
        if self.volumes:
            said.append(
                f"there are no volumes here, so these are left aside: {_listed(self.volumes)} (a folder of this host begins with "
                "./ or /: ./data:/srv)"
            )
        # The names that the file gives to volumes are those of the sentence above.
        unused = {key: owners for key, owners in self.unused.items() if key != "volumes" or owners or not self.volumes}
        if unused:
            said.append(f"these keys change nothing here: {_listed(unused)}")
        return tuple(said)


def _listed(found: Mapping[str, Iterable[str]]) -> str:
    """Each with its owners."""
    return ", ".join(f"{key} ({names})" if (names := ", ".join(owners)) else key for key, owners in found.items())
