# C only: see interfaces.pxd.
