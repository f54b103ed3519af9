# C only: see nexthop.pxd.
