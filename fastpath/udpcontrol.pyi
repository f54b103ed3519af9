# C only: see udpcontrol.pxd.
