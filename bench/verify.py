"""A rate without verification does not count: every frame of the cycle once more, and every octet that comes out compared."""

from __future__ import annotations

from itertools import islice

from bench.paths import Path

BATCH = 65536


def verify(path: Path) -> int:
    """Send the cycle through `path`, which has an outbox; the frames compared. Errors: RuntimeError at the first that is wrong."""
    assert path.outbox is not None
    wanted_port = path.receivers[0].index
    checked = 0
    source = iter(path.frames)
    while batch := list(islice(source, BATCH)):
        for frame in batch:
            path.sender.push(frame)
        path.engine.run_until_idle(path.now)
        out = path.outbox.take()
        if len(out) != len(batch):
            raise RuntimeError(f"{len(batch)} frames went in, {len(out)} came out")
        for (port, _, octets), frame in zip(out, batch, strict=True):
            if port != wanted_port or octets != frame:
                raise RuntimeError(f"frame {checked + 1} came out changed, out of order or at another port")
            checked += 1
    return checked
