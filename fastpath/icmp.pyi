# C only: see icmp.pxd.
