# C only: see reassembly.pxd.
