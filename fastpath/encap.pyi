# C only: see encap.pxd.
