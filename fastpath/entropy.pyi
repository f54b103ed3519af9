# C only: see entropy.pxd.
