import numpy as np

RULES_DTYPE: np.dtype[np.void]
FAMILIES: tuple[str, ...]
