"""What was dropped and why, each reason with its sentence, as a NumPy structured array."""

from __future__ import annotations

import numpy as np

from dataplane.apply.rows import Rows
from fastpath import REASONS, Engine

SENTENCES = dict(REASONS)
DROPS_DTYPE = np.dtype(
    [("scope", "U4"), ("name", "U128"), ("reason", "U24"), ("count", "<u8"), ("sentence", f"U{max(map(len, SENTENCES.values()))}")]
)


def drops(engine: Engine) -> Rows:
    """A row (DROPS_DTYPE) for each reason that dropped something, by node and by port of ingress."""
    rows = [(row["scope"], row["name"], row["reason"], row["count"], SENTENCES[row["reason"].item()]) for row in engine.drops()]
    return np.array(rows, dtype=DROPS_DTYPE)
