# C only: see hops.pxd.
