"""Ports on capture files, and replaying through them: what `dataplane replay` is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

from dataplane.apply.dataplane import Dataplane
from dataplane.wiring import NodeSpec, Wiring
from fastpath import Capture, CaptureError, DropWriter, Engine, OwnerError, PcapPort, PcapWriter, Port, Replay

__all__ = ["CaptureDataplane", "CaptureError", "Input", "OwnerError"]


class _Closable(Protocol):
    def close(self) -> None: ...


def finish(files: Iterable[_Closable]) -> None:
    """Close them. Errors: OSError for the first that could not be written, after all were closed."""
    errors = []
    for file in files:
        try:
            file.close()
        except OSError as error:
            errors.append(error)
    if errors:
        raise errors[0]


class CapturePorts:
    """Ports that write what leaves them to DIR/PORT.pcap."""

    def __init__(self, out: Path, *, complete_checksums: bool, segment: bool) -> None:
        self.made: dict[str, PcapPort] = {}
        self.writers: list[PcapWriter] = []
        self._out = out
        self._complete_checksums = complete_checksums
        self._segment = segment

    def make(self, engine: Engine, spec: NodeSpec) -> Port:
        """The port of the specification, with its file, empty so far. Errors: OSError."""
        writer = PcapWriter(self._out / f"{spec.name}.pcap")
        self.writers.append(writer)
        self.made[spec.name] = PcapPort(
            engine,
            spec.name,
            writer=writer,
            mtu=int(spec.settings["mtu"]),
            complete_checksums=self._complete_checksums,
            segment=self._segment,
        )
        return self.made[spec.name]

    def discard(self, port: Port) -> None:
        """The port is about to leave the engine; its file stays as it is."""
        del self.made[port.name]


@dataclass(frozen=True, slots=True)
class Input:
    """A capture open for reading. ``port`` None: each frame's own, by its source address. ``name`` stands in messages."""

    port: str | None
    file: FileIO
    name: str


class CaptureDataplane:
    """A Dataplane between capture files. Use: `run` once, then read the tables, then `close`."""

    def __init__(
        self, wiring: Wiring, out: Path, *, seed: int, complete_checksums: bool, segment: bool, drops: Path | None
    ) -> None:
        """Make every port's file in the folder `out`, and `drops`. Errors: OSError."""
        self._ports = CapturePorts(out, complete_checksums=complete_checksums, segment=segment)
        self._drops: DropWriter | None = None
        self.dataplane = Dataplane(self._ports, seed=seed)
        try:
            self.dataplane.change_to(wiring)
            if drops is not None:
                self._drops = DropWriter(drops, {port.index: name for name, port in self._ports.made.items()})
        except BaseException:
            self.close()
            raise
        self.replay = Replay(self.dataplane.engine, drops=self._drops)

    def run(
        self, inputs: Iterable[Input], owners: Mapping[str, str], *, rest: str | None = None, speed: float | None = None
    ) -> list[CaptureError]:
        """Replay the inputs to their ends. `owners`: port by MAC, for inputs without a port; `rest`: that of all others' frames.

        Returns why inputs ended early, if they did. Errors: CaptureError if a file is no capture, OwnerError if a frame has no
        port.
        """
        for mac, owner in owners.items():
            self.replay.own(int(mac.replace(":", ""), 16), self._ports.made[owner])
        if rest is not None:
            self.replay.own_rest(self._ports.made[rest])
        for source in inputs:
            port = None if source.port is None else self._ports.made[source.port]
            self.replay.add(Capture(source.file, source.name), port)
        return self.replay.run(speed=speed or 0.0)

    def close(self) -> None:
        """Finish every file. Errors: OSError for the first that could not be written, after all were closed."""
        finish([*self._ports.writers, *([self._drops] if self._drops is not None else [])])
