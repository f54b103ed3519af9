# C only: see track.pxd.
