# C only: see forward.pxd.
