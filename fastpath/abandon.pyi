# C only: see abandon.pxd.
