# C only: see tunnels.pxd.
