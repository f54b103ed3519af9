# C only: see resolve.pxd.
