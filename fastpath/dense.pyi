# C only: see dense.pxd.
