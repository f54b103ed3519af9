# C only: see flood.pxd.
