# C only: see decap.pxd.
