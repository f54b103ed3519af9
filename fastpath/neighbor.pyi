# C only: see neighbor.pxd.
