# C only: see transport.pxd.
