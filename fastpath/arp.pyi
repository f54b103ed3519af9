# C only: see arp.pxd.
