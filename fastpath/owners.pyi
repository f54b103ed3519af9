# C only: see owners.pxd.
