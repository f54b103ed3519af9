# C only: see holes.pxd.
