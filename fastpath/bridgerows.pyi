from typing import Any

import numpy as np

FDB_DTYPE: np.dtype[Any]
MOVES_DTYPE: np.dtype[Any]
