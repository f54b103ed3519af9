# C only: see pages.pxd.
