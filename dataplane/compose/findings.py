"""What the reader of a file should know though nothing is wrong: collected while reading, said once at the end."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """``unused``: keys that change nothing here -> who has them. ``never_run``: services whose command is not run."""

    unused: dict[str, dict[str, None]] = field(default_factory=dict)
    never_run: list[str] = field(default_factory=list)
    unset: dict[str, None] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def ignore(self, key: str, owner: str = "") -> None:
        """Note that ``key`` of ``owner`` (a service or network; "" for the file itself) changes nothing."""
        owners = self.unused.setdefault(key, {})
        if owner:
            owners[owner] = None

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
        if self.unused:
            keys = (f"{key} ({', '.join(owners)})" if owners else key for key, owners in self.unused.items())
            said.append(f"these keys change nothing here: {', '.join(keys)}")
        return tuple(said)
