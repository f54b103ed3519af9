# C only: see underlay.pxd.
