import numpy as np

from fastpath.tcpstate import STATES as STATES

FLOWS_DTYPE: np.dtype[np.void]
PROTOCOLS: dict[str, int]
OTHER_STATES: tuple[str, ...]
