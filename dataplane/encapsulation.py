"""Captures into VXLAN and out of it (RFC 7348): what the outer header says, which files are read and written, what came of it.

Policy only: the nodes are `fastpath.codec`, fed by `fastpath.replay`. Output files are emptied if they exist; no input is ever
overwritten. A record leaves with the time it came with, to the nanosecond.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, ip_address
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

if TYPE_CHECKING:
    from dataplane.apply.encapsulation import Codec, Source

PORT = 4789
INHERIT = -1
VNI_MAX = (1 << 24) - 1
FILES_MAX = 1024
REST = "rest"
"""The file, or port, of what is no VXLAN to us."""
OUT = "give a name that can be written to, where there is room"


@dataclass(frozen=True, slots=True)
class Outer:
    """What is written in front of each frame. `ttl` and `dscp` may be INHERIT; `source_port` None: from the inner flow."""

    vni: int
    local: IPv4Address | IPv6Address
    remote: IPv4Address | IPv6Address
    local_mac: str
    remote_mac: str
    port: int = PORT
    source_port: int | None = None
    ttl: int = 64
    dscp: int = 0
    checksum: bool = False
    strip_vlan: bool = False


def outer(
    *,
    vni: int,
    local: str,
    remote: str,
    local_mac: str | None = None,
    remote_mac: str | None = None,
    port: int = PORT,
    source_port: int | None = None,
    ttl: int = 64,
    dscp: int = 0,
    checksum: bool | None = None,
    strip_vlan: bool = False,
) -> Outer:
    """The words of `dataplane encap`, checked, the rest filled in.

    Missing MAC addresses are made of the IP addresses (see `made_up_mac`); the UDP checksum is zero over IPv4 and computed over
    IPv6 (RFC 7348, 5; RFC 8200, 8.1) unless said. Errors: UserError.
    """
    ours, theirs = _address("--local", local), _address("--remote", remote)
    if ours.version != theirs.version:
        raise UserError(
            "an outer packet has addresses of one family",
            where=f"--local {local} --remote {remote}",
            mend="give two IPv4 addresses or two IPv6 addresses",
        )
    if ours.is_multicast or ours.is_unspecified:
        raise UserError("no host may send from this address", where=f"--local {local}", mend="give the address of the sending VTEP")
    if theirs.is_unspecified or ours == theirs:
        raise UserError("the frames would lead nowhere", where=f"--remote {remote}", mend="give the address of the receiving VTEP")
    return Outer(
        vni,
        ours,
        theirs,
        _mac("--local-mac", local_mac, group=False) if local_mac else made_up_mac(ours),
        _mac("--remote-mac", remote_mac, group=True) if remote_mac else made_up_mac(theirs),
        port,
        source_port,
        ttl,
        dscp,
        ours.version == 6 if checksum is None else checksum,
        strip_vlan,
    )


def made_up_mac(address: IPv4Address | IPv6Address) -> str:
    """02:42 and the IPv4 address, of IPv6 the last four octets; a group's as RFC 1112, 6.4, and RFC 2464, 7, make it."""
    if not address.is_multicast:
        return f"02:42:{address.packed[-4:].hex(':')}"
    if address.version == 6:
        return f"33:33:{address.packed[-4:].hex(':')}"
    return f"01:00:5e:{(int(address) & 0x7FFFFF).to_bytes(3).hex(':')}"


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


def _address(option: str, text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        mend = "write the address of one host: 192.0.2.1 or 2001:db8::1"
        raise UserError(f"{text!r} is not an IP address", where=f"{option} {text}", mend=mend) from None


def _mac(option: str, text: str, *, group: bool) -> str:
    """Errors: UserError if no station may have the address, or, unless `group`, if it is a group's (IEEE 802, 8.2)."""
    parts = text.split(":")
    try:
        octets = bytes(int(part, 16) for part in parts)
        good = len(parts) == 6 and all(len(part) == 2 for part in parts) and any(octets) and (group or not octets[0] & 1)
    except ValueError:
        good = False
    if not good:
        mend = "six octets in hexadecimal" + ("" if group else ", of which the first is even") + ": 02:42:c0:00:02:01"
        raise UserError(f"{text!r} is not a MAC address that can stand there", where=f"{option} {text}", mend=mend)
    return text.lower()
