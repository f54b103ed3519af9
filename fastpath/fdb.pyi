# C only: see fdb.pxd.
