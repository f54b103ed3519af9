# C only: see pathmtu.pxd.
