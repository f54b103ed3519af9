"""Running labs: start one, find it again, talk to it, end it.

    topology = dataplane.compose.load("compose.yaml")
    status = live.up(topology, detach=True, on_step=print_step)     # again on a changed file: applies the difference
    with live.find(service="web") as client:
        client.ps()                                                  # rows.InstanceRow
        status = client.exec("web", ["ping", "-c1", "db"])           # on our terminal, or on given descriptors
    live.down("shop", on_step=print_step)

Each lab is a process of its own (``process``, started by ``up``), with a thread that runs the engine, and answers on
``control.sock`` in its state folder (``server``, ``client``). A foreground ``up`` stays tied to it (``tether``): it shows the logs,
and its end is the lab's. What runs where is drawn in docs/labs.md. Everything wrong is a UserError.

Nothing here is imported before it is used: the command line stays quick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataplane.live.client import Client
    from dataplane.live.lookup import LabInfo
    from dataplane.live.rows import EventRow, LogRow, StepRow
    from dataplane.model import Topology

__all__ = ["down", "find", "labs", "up"]


def up(
    topology: Topology,
    *,
    detach: bool = False,
    verbose: bool = False,
    seed: int | None = None,
    poll: bool = False,
    host_rules: bool = True,
    on_step: Callable[[StepRow], None] = lambda _row: None,
    on_log: Callable[[LogRow], None] = lambda _row: None,
    on_event: Callable[[EventRow], None] = lambda _row: None,
    on_ready: Callable[[], None] = lambda: None,
) -> int:
    """Start the lab, or apply the difference to the one that runs. The exit status for the shell.

    ``detach``: return when every service runs (after the conditions of ``depends_on``). Otherwise call ``on_log`` for every line
    of every service until the lab ends by itself, by SIGINT, SIGTERM or SIGHUP (a second one kills), or by another's ``down``.
    ``poll``: the engine never sleeps; ``host_rules`` False: the host's rules are told, not set (both count when the lab starts).
    ``on_step``: warnings, what changes on the host or in a running lab and, with ``verbose``, each step;
    ``on_ready``: every service runs. A difference applied to a lab that runs already returns at once.
    """
    from dataplane.live.start import Told
    from dataplane.live.start import up as start

    told = Told(on_step, on_log, on_event, on_ready)
    return start(topology, detach=detach, verbose=verbose, seed=seed, poll=poll, host_rules=host_rules, told=told)


def down(lab: str, *, on_step: Callable[[StepRow], None] = lambda _row: None) -> bool:
    """End the lab and remove all that it has on this machine, also when it died. False: there was nothing."""
    from dataplane.live.end import down as end

    return end(lab, on_step=on_step)


def labs() -> list[LabInfo]:
    """Every lab of this user, those that died included."""
    from dataplane.live.lookup import labs as known

    return known()


def find(service: str | None = None, *, lab: str | None = None, file: str | None = None) -> Client:
    """A client of the one running lab that is meant: by name, by its Compose file or folder, or because it alone has the service.

    With nothing given: the lab of the Compose file in the working directory, else the only one that runs.
    """
    from dataplane.live.lookup import find as lookup

    return lookup(service, lab=lab, file=file)
