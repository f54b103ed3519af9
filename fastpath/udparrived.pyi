# C only: see udparrived.pxd.
