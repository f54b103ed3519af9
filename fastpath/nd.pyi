# C only: see nd.pxd.
