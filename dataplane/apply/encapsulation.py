"""Two captures and an encapsulation between them: what `dataplane encap` and `decap` are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from io import BytesIO, FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataplane.apply.captures import finish
from fastpath import Capture, CaptureError, Decapsulator, DropWriter, Encapsulator, Engine, Node, PcapPort, PcapWriter, Replay

if TYPE_CHECKING:
    from dataplane.outer import Outer

MTU_MAX = 65535
REST = "rest"

Source = FileIO | BytesIO
"""A capture open for reading."""


class Codec:
    """An engine with a port `in` that a capture feeds, and ports that write. Use: `run` once, read the tables, then `close`."""

    def __init__(self, *, seed: int = 0, mtu: int = MTU_MAX, complete_checksums: bool = False, segment: bool = False) -> None:
        self.engine = Engine(seed=seed)
        self.writers: list[PcapWriter] = []
        self.drops: DropWriter | None = None
        self.source = PcapPort(self.engine, "in", mtu=mtu, complete_checksums=complete_checksums, segment=segment)
        self.replay = Replay(self.engine)

    def port(self, name: str, path: Path, mtu: int = MTU_MAX) -> PcapPort:
        """A port that writes to the file, each frame with the time that its record had. Errors: OSError."""
        writer = PcapWriter(path)
        self.writers.append(writer)
        return PcapPort(self.engine, name, writer=writer, mtu=mtu, times_of=self.source)

    def keep_drops(self, path: Path | None) -> None:
        """Write what is dropped. Errors: OSError."""
        if path is not None:
            self.drops = DropWriter(path, {port.index: name for name, port in self.engine.ports.items()})
            self.replay = Replay(self.engine, drops=self.drops)

    def run(self, source: Source, name: str) -> list[CaptureError]:
        """The capture to its end; why it ended early, if it did. Errors: CaptureError if it is none."""
        self.replay.add(Capture(source, name), self.source)
        return self.replay.run()

    def drops_by_name(self) -> Iterable[Mapping[str, Any]]:
        """Rows of the engine's table of drops."""
        rows = self.engine.drops()
        return [dict(zip(rows.dtype.names or (), row, strict=True)) for row in rows.tolist()]

    def close(self) -> None:
        """Finish every file. Errors: OSError for the first that could not be written, after all were closed."""
        finish([*self.writers, *([self.drops] if self.drops is not None else [])])


class Encap(Codec):
    """Every frame into one tunnel."""

    def __init__(
        self,
        header: Outer,
        out: Path,
        *,
        mtu: int,
        seed: int,
        drops: Path | None,
        complete_checksums: bool,
        segment: int | None,
    ) -> None:
        super().__init__(seed=seed, mtu=segment or MTU_MAX, complete_checksums=complete_checksums, segment=segment is not None)
        node = Encapsulator(self.engine, "encap")
        tunnel = node.add_tunnel(
            header.vni,
            local=str(header.local),
            remote=str(header.remote),
            local_mac=_number(header.local_mac),
            remote_mac=_number(header.remote_mac),
            port=header.port,
            source_port=-1 if header.source_port is None else header.source_port,
            ttl=header.ttl,
            dscp=header.dscp,
            checksum=header.checksum,
            strip_vlan=header.strip_vlan,
        )
        self.source.lead_to(node, tunnel)
        node.lead_to(self.port("out", out, mtu))
        self.keep_drops(drops)


class Decap(Codec):
    """Each network to its port, or all to one; what is no VXLAN of these to `rest`, or to the one, if it is to go along."""

    def __init__(
        self,
        targets: Mapping[str, Path],
        vnis: Collection[int],
        *,
        port: int,
        rest: bool,
        strict: bool,
        strip_vlan: bool,
        drops: Path | None,
    ) -> None:
        super().__init__()
        node = Decapsulator(self.engine, "decap", port=port, strict=strict, strip_vlan=strip_vlan)
        self.source.lead_to(node)
        ports: dict[str, Node] = {name: self.port(name, path) for name, path in targets.items()}
        for vni in vnis:
            node.lead_network(vni, ports.get("out") or ports[str(vni)])
        if not vnis and "out" in ports:
            node.lead_all(ports["out"])
        if rest:
            node.lead_rest(ports.get("out") or ports[REST])
        self.keep_drops(drops)


class Networks(Codec):
    """Writes nothing: which VNIs a capture has."""

    def __init__(self, *, port: int, strict: bool) -> None:
        super().__init__()
        self.node = Decapsulator(self.engine, "decap", port=port, strict=strict, note=True)
        self.source.lead_to(self.node)

    def vnis(self) -> list[int]:
        """In order."""
        return self.node.vnis()


def _number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)
