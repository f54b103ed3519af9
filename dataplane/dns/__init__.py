"""Names of containers: what each may know of the others, and what is answered to a question. Pure.

A ``Zone`` is what a network knows, a ``View`` what one container sees of its zones; ``respond`` is from octets to octets.
"""
