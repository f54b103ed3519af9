# C only: see ways.pxd.
