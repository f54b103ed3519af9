# C only: see waiting.pxd.
