# C only: see vxlan.pxd.
