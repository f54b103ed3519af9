# C only: see mss.pxd.
