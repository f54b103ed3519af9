# C only: see udpmessages.pxd.
