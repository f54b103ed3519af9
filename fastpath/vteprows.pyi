from typing import Any

import numpy as np

OVERLAYS_DTYPE: np.dtype[Any]
TUNNELS_DTYPE: np.dtype[Any]
STATIONS_DTYPE: np.dtype[Any]
CLAIMS_DTYPE: np.dtype[Any]
TUNNEL_KINDS: tuple[str, ...]
UNUSED: tuple[str, ...]
