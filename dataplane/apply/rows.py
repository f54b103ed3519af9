"""What tables come as: rows of a NumPy structured array, each of its columns by name."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = np.ndarray[Any, Any]
