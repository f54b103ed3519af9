from typing import Any

import numpy as np

ROUTES_DTYPE: np.dtype[Any]
NEIGHBORS_DTYPE: np.dtype[Any]
KINDS: tuple[str, ...]
STATES: tuple[str, ...]
