# C only: see learn.pxd.
