# C only: see egress.pxd.
