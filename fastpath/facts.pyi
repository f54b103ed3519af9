# C only: see facts.pxd.
