import numpy as np

FLOWS_DTYPE: np.dtype[np.void]
PROTOCOLS: dict[str, int]
