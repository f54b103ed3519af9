# C only: see toobig.pxd.
