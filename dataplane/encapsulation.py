"""Captures into VXLAN and out of it (RFC 7348): which files are read and written, what came of it.

Policy only: the nodes are `fastpath.codec`, fed by `fastpath.replay`. Output files are emptied if they exist; no input is ever
overwritten. A record leaves with the time it came with, to the nanosecond.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from dataplane.capturefiles import (
    STDIN,
    Fault,
    Summary,
    allow_descriptors,
    opened,
    read_to_end,
    require_apart,
    summed,
    telling_write_errors,
)
from dataplane.errors import UserError
from dataplane.outer import PORT, Outer

if TYPE_CHECKING:
    from dataplane.apply.encapsulation import Codec, Source

VNI_MAX = (1 << 24) - 1
FILES_MAX = 1024
REST = "rest"
"""The file, or port, of what is no VXLAN to us."""
OUT = "give a name that can be written to, where there is room"


def encap(
    source: str | Path,
    out: str | Path,
    header: Outer,
    *,
    mtu: int = 65535,
    seed: int = 0,
    drops: str | Path | None = None,
    complete_checksums: bool = False,
    segment: int | None = None,
) -> Summary:
    """Every frame of the capture `source`, behind an outer header, to `out`.

    `mtu`: of the underlay; what is larger is dropped, never fragmented. `seed`: what source ports derive from beside the flow.
    `segment`: super-frames are cut to this MTU before they are encapsulated. Errors: UserError; see also `Summary.faults`.
    """
    from dataplane.apply.encapsulation import Encap

    written = [Path(out), *([Path(drops)] if drops is not None else [])]
    require_apart([str(source)], written, "encapsulation", "give another file to write to")
    with ExitStack() as files:
        file = files.enter_context(opened(str(source), "check the path"))
        with telling_write_errors(written[0], OUT):
            codec = Encap(
                header, Path(out), mtu=mtu, seed=seed, drops=_path(drops), complete_checksums=complete_checksums, segment=segment
            )
            faults = _run(codec, (file, str(source)))
    return _summary(codec, faults, str(source), {"out": str(out)}, seed)


def decap(
    source: str | Path,
    out: str | Path,
    *,
    vnis: Collection[int] = (),
    split: bool = False,
    port: int = PORT,
    rest: bool = False,
    strict: bool = False,
    strip_vlan: bool = False,
    drops: str | Path | None = None,
) -> Summary:
    """The frames that the capture's VXLAN packets to UDP port `port` carry, to the file `out`.

    `vnis`: of these networks only; none: of all. `split`: `out` is a folder, with a file VNI.pcap for each network. `rest`: what is
    no VXLAN of these goes along as it is, in its place; with `split`, to rest.pcap. `strict`: reserved bits must be zero, as the
    Linux kernel wants it. Errors: UserError; see also `Summary.faults`.
    """
    from dataplane.apply.encapsulation import Decap

    with ExitStack() as files:
        file: Source = files.enter_context(opened(str(source), "check the path"))
        if split:
            # Read twice: first which networks there are, so that each has its file.
            if str(source) == STDIN:
                file = BytesIO(file.read())
            vnis = vnis or _networks(file, str(source), port, strict)
            file.seek(0)
        targets = _targets(Path(out), vnis, split=split, rest=rest)
        written = [*dict.fromkeys(targets.values()), *([Path(drops)] if drops is not None else [])]
        require_apart([str(source)], written, "decapsulation", "give another name to write to")
        allow_descriptors(len(written) + 1)
        with telling_write_errors(Path(out), OUT):
            if split:
                Path(out).mkdir(parents=True, exist_ok=True)
            codec = Decap(targets, vnis, port=port, rest=rest, strict=strict, strip_vlan=strip_vlan, drops=_path(drops))
            faults = _run(codec, (file, str(source)))
    return _summary(codec, faults, str(source), {name: str(path) for name, path in targets.items()}, 0)


def _networks(file: Source, name: str, port: int, strict: bool) -> list[int]:
    """The VNIs in the capture. Errors: UserError for more than we would write files for."""
    from dataplane.apply.encapsulation import Networks

    networks = Networks(port=port, strict=strict)
    _run(networks, (file, name))
    found = networks.vnis()
    if len(found) > FILES_MAX:
        raise UserError(
            f"the capture has frames of {len(found):,} networks",
            where=name,
            mend=f"say which ones to write with --vni, up to {FILES_MAX:,} times",
        )
    return found


def _targets(out: Path, vnis: Collection[int], *, split: bool, rest: bool) -> dict[str, Path]:
    """Port -> file."""
    if not split:
        return {"out": out}
    names = [*(str(vni) for vni in sorted(set(vnis))), *([REST] if rest else [])]
    return {name: out / f"{name}.pcap" for name in names}


def _run(codec: Codec, source: tuple[Source, str]) -> tuple[Fault, ...]:
    """Errors: UserError if it is no capture; OSError if a file cannot be written."""
    try:
        return read_to_end(lambda: codec.run(*source))
    finally:
        codec.close()


def _summary(codec: Codec, faults: tuple[Fault, ...], source: str, files: dict[str, str], seed: int) -> Summary:
    return summed(
        codec.engine.traffic(), {"in": source, **files}.__getitem__, codec.drops_by_name(), faults, done=codec.replay, seed=seed
    )


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)
