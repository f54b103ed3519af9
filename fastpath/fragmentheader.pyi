# C only: see fragmentheader.pxd.
