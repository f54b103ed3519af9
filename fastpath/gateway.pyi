# C only: see gateway.pxd.
