import numpy as np

from fastpath.flowrows import PROTOCOLS as PROTOCOLS

KINDS: tuple[str, ...]
TRANSLATIONS_DTYPE: np.dtype[np.void]
