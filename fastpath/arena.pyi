# C only: see arena.pxd.
