# C only: see pieces.pxd.
