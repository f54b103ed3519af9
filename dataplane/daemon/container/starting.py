"""A container's record becomes what its shim is told; what went wrong becomes Docker's words, which tell 126 from 127."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from dataplane.desired.records import ContainerRecord, State
from dataplane.desired.refused import Refused
from dataplane.errors import UserError
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.spec import InstanceSpec, NamespaceRef

CREATE = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
EXEC = "OCI runtime exec failed: exec failed: "
MISSING, REFUSED, UNKNOWN = 127, 126, 128
"""Docker's exit statuses: there is no such command, it cannot run, anything else."""


class Files(Protocol):
    """What a container finds in /etc."""

    def write(self, state: State, container_id: str) -> Mapping[str, str]:
        """Make its files as they are to be: path in the container -> file that covers it."""

    def forget(self, container_id: str) -> None:
        """Remove them."""


def spec_of(state: State, record: ContainerRecord, namespace: NamespaceRef, binds: Mapping[str, str], log: Path) -> InstanceSpec:
    """What the helper is to start. ``log``: the folder of its log."""
    process = record.process
    return InstanceSpec(
        name=record.short,
        namespace=namespace,
        argv=process.command if process.run else (),
        env=process.environment,
        working_dir=process.working_dir or "/",
        user=process.user or None,
        hostname=hostname(state, record) or None,
        stop_signal=process.stop_signal or "SIGTERM",
        tty=process.tty,
        stdin_open=process.stdin_open,
        sysctls=record.sysctls,
        binds=binds,
        log=str(log),
        mounts=record.mounts,
        ulimits=record.ulimits,
    )


def spawn(helper: Helper, folder: Path, spec: InstanceSpec, attached: Sequence[int]) -> Instance:
    """Its shim, started, or found where it is there already; blocking. ``attached``: descriptors of clients that came before it."""
    try:
        return helper.spawn(spec, attached)
    except UserError:
        # The helper may have been killed between the start and its answer, and another asked to start what runs already.
        with suppress(UserError):
            return Instance.open(folder, spec.name)
        raise


def hostname(state: State, record: ContainerRecord) -> str:
    """A container in another's namespace is called as that one; "" is the host's."""
    seen = {record.id}
    mode, _, other = record.network_mode.partition(":")
    while mode == "container" and other in state.containers and other not in seen:
        seen.add(other)
        record = state.containers[other]
        mode, _, other = record.network_mode.partition(":")
    return record.hostname


def refusal(error: UserError, argv: tuple[str, ...], folder: str, prefix: str) -> tuple[Refused, int]:
    """Why a command did not start, and the exit status that Docker gives for it."""
    start = "unable to start container process: "
    word = argv[0] if argv else ""
    if error.status == MISSING and "/" in word:
        said, status = f'{start}exec: "{word}": stat {word}: no such file or directory: unknown', MISSING
    elif error.status == MISSING:
        said, status = f'{start}exec: "{word}": executable file not found in $PATH: unknown', MISSING
    elif error.status == REFUSED and error.where == folder and error.where != word:
        reason = error.what.rpartition(": ")[2].lower()
        said, status = f'{start}chdir to cwd ("{folder}") set in config.json failed: {reason}: unknown', MISSING
    elif error.status == REFUSED:
        reason = error.what.rpartition(": ")[2].lower()
        said, status = f'{start}exec: "{word}": {reason}: unknown', REFUSED
    elif error.what.startswith("there is no user "):
        name = error.what.split()[4]
        return Refused(400, f"unable to find user {name}: no matching entries in passwd file", mend=error.mend), REFUSED
    else:
        place = f"{error.where}: " if error.where else ""
        return Refused(500, f"{prefix}{place}{error.what}", mend=error.mend), UNKNOWN
    return Refused(400, prefix + said, mend=error.mend), status
