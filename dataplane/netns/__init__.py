"""Links, addresses and routes inside a network namespace, through pyroute2.

Every function does one thing to a namespace that ``proc.helper.Helper.netlink`` has opened, and returns the ``Step`` it was:
what it did and the ``ip`` command that does the same by hand, for ``up -v``.
"""
