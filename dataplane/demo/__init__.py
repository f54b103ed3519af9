"""Demonstrations: a lab is made, used, looked at and removed, one explained step after another.

``page`` is what they are printed on, ``stage`` the lab they play in; each demonstration is a module with ``play(page)``.
"""

from __future__ import annotations

DEMOS = {
    "bridge": "two namespaces, one learning bridge, ping and TCP",
    "vxlan": "two hosts, two labs, one overlay: one ping, octet by octet through its six stages (root)",
    "nat": "two networks, a gateway, the world outside: out, in by a published port, isolation, errors (root)",
}
"""Name -> what it shows. ``dataplane.demo.<name>.play`` plays it."""
