# C only: see routes.pxd.
