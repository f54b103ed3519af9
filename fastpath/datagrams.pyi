# C only: see datagrams.pxd.
