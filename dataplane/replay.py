"""Captures through the wiring of a Compose file: which file goes in where, what is written, and what came of it.

Policy only; the loop is `fastpath.replay`. Output files are emptied if they exist, other files in the folder stay, and no input
is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataplane import compose
from dataplane.capturefiles import (
    STDIN,
    Fault,
    PortTraffic,
    Summary,
    allow_descriptors,
    opened,
    read_to_end,
    require_apart,
    summed,
    telling_write_errors,
)
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.model import Plan, Topology
from dataplane.plan import make_plan
from dataplane.portnames import resolve_port
from dataplane.underlay import Underlay
from dataplane.uplink import UPLINK, Uplink, network_of

if TYPE_CHECKING:
    from dataplane.apply.captures import CaptureDataplane, Input

__all__ = ["Fault", "PortTraffic", "Summary", "replay"]

AUTO = "auto"


def replay(
    file: str | Path | Mapping[str, Any] | Topology,
    *,
    inputs: Sequence[tuple[str, str | Path]],
    out: str | Path,
    seed: int = 0,
    speed: float | None = None,
    drops: str | Path | None = None,
    complete_checksums: bool = False,
    segment: bool = False,
    arp: bool = False,
) -> Summary:
    """Replay `inputs`, (port, path) each, through the lab of a Compose file, and write `out`/PORT.pcap for every port.

    A port may be given by a short name, or as "auto": each frame goes to the port that owns its source MAC, else to the uplink. A
    path may be "-" for standard input. `speed`: so many times as fast as captured; None: as fast as can be. `drops`: a pcapng of
    all that was dropped. The gateway knows the endpoints and the MACs that the file gives; with `arp` it asks for all of them.
    Errors: UserError. An input that ends early is no error: see `Summary.faults`.
    """
    from dataplane.apply.captures import CaptureDataplane, Input

    plan = make_plan(file if isinstance(file, Topology) else compose.load(file))
    folder = Path(out)
    dropped = Path(drops) if drops is not None else None
    places = [(_port(plan, port, path), str(path)) for port, path in inputs]
    owners = _owners(plan) if any(port is None for port, _ in places) else {}
    written = [folder / f"{port}.pcap" for port in plan.ports()] + ([dropped] if dropped else [])
    _require_apart([path for _, path in places], written)
    allow_descriptors(len(written) + len(places))
    with ExitStack() as files:
        sources = [Input(port, files.enter_context(opened(path, "check the path after --in PORT=")), path) for port, path in places]
        with telling_write_errors(folder, "give a folder with --out that can be written to and has room"):
            folder.mkdir(parents=True, exist_ok=True)
            dataplane = CaptureDataplane(
                wire(plan, arp=arp), folder, seed=seed, complete_checksums=complete_checksums, segment=segment, drops=dropped
            )
            try:
                faults = _run(dataplane, sources, owners, speed, plan)
            finally:
                dataplane.close()
    return _summary(dataplane, folder, seed, faults)


def _port(plan: Plan, port: str, path: str | Path) -> str | None:
    """The full name, None for `auto`. Errors: UserError that names the input."""
    try:
        return None if port == AUTO else resolve_port(plan, port)
    except UserError as error:
        raise UserError(error.what, where=f"--in {port}={path}", mend=error.mend) from None


def _owners(plan: Plan) -> dict[str, str]:
    """Port by MAC: of services, and of next hops that the file gives on an underlay. Errors: UserError for a MAC at two ports."""
    owners: dict[str, str] = {}
    for endpoint in plan.endpoints():
        other = owners.setdefault(endpoint.mac, endpoint.port)
        if other != endpoint.port:
            raise UserError(
                f"{endpoint.mac} is the address of {other} and of {endpoint.port}, so it does not say where a frame comes from",
                where=f"--in {AUTO}",
                mend="name the port instead, or give one of them another mac_address",
            )
    ways: dict[str, Uplink | Underlay] = {**plan.underlays, **{port: one for port, one in plan.uplinks.items() if network_of(port)}}
    for port, way in ways.items():  # what nobody else sent came by the lab's own uplink
        for mac in (way.gateway_mac, *(mac for _, mac in way.neighbors)):
            if mac is not None:
                owners.setdefault(mac, port)
    return owners


def _require_apart(inputs: Sequence[str], written: Sequence[Path]) -> None:
    """No input may be written over, nor may standard input be read twice."""
    if inputs.count(STDIN) > 1:
        raise UserError("standard input can be read once", where="--in PORT=-", mend="give one input as -, the others as files")
    require_apart(inputs, written, "replay", "give another folder with --out")


def _rest(plan: Plan) -> str | None:
    """The port of frames that nobody in the lab has sent: the lab's uplink, or the only one; without any, the only parent."""
    outside = [*(plan.uplinks or plan.parents)]
    return UPLINK if UPLINK in outside else outside[0] if len(outside) == 1 else None


def _run(
    dataplane: CaptureDataplane, opened: Sequence[Input], owners: Mapping[str, str], speed: float | None, plan: Plan
) -> tuple[Fault, ...]:
    from dataplane.apply.captures import OwnerError

    try:
        return read_to_end(lambda: dataplane.run(opened, owners, rest=_rest(plan), speed=speed))
    except OwnerError as error:
        names = ", ".join(plan.ports())
        raise UserError(
            f"no port has the source address of record {error.record}",
            where=f"--in {AUTO}={error.name}",
            mend=f"name the port that it came in by: --in PORT={error.name}, where PORT is one of {names}",
            status=1,
        ) from None


def _summary(dataplane: CaptureDataplane, folder: Path, seed: int, faults: tuple[Fault, ...]) -> Summary:
    plane = dataplane.dataplane
    return summed(
        plane.traffic(), lambda port: str(folder / f"{port}.pcap"), plane.drops(), faults, done=dataplane.replay, seed=seed
    )
