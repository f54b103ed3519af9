# C only: see deliver.pxd.
