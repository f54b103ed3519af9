# C only: see udppaths.pxd.
