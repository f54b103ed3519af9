"""Keys at the top level of the file."""

from __future__ import annotations

import re

from dataplane.compose import keys_build as inner
from dataplane.compose.keys import ANYTHING, NULL, TEXT, Table, ignored, later, used
from dataplane.compose.keys_gateway import NAT, UPLINK
from dataplane.compose.keys_network import NETWORK
from dataplane.compose.keys_service import SERVICE
from dataplane.compose.keys_underlay import UNDERLAY
from dataplane.compose.shapes import MapOf, OneOf, Shape

NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,62}")
NAME_RULE = 'use letters, digits, ".", "_" and "-", at most 63, beginning with a letter, a digit or "_"'


def named(value: Shape, *, owns: bool = False) -> MapOf:
    """A mapping from the user's names."""
    return MapOf(value, name=NAME, rule=NAME_RULE, owns=owns)


FILE_X = Table(
    "x-dataplane",
    {
        "uplink": used(
            UPLINK, "the way out, see below; where it is absent one is made when a network or a published port needs it"
        ),
        "nat": used(NAT, "how addresses are translated, see below"),
        "underlay": used(UNDERLAY, "what carries overlays, see below"),
    },
    extensible=False,
)
INCLUDED = "copy its services into this file, or write extends: {file: …, service: …} on each"
FILE = Table(
    "",
    {
        "version": ignored(TEXT, "obsolete in Compose itself"),
        "name": used(TEXT, "the lab's name; the folder's where it is absent"),
        "include": later(ANYTHING, INCLUDED),
        "services": used(named(SERVICE, owns=True), "see below"),
        "networks": used(named(OneOf((NETWORK, NULL)), owns=True), "see below; `default` is made when a service needs it"),
        "volumes": ignored(named(inner.VOLUME), "there are no volumes here"),
        "secrets": ignored(named(inner.SECRET), "commands run on this host's files"),
        "configs": ignored(named(inner.CONFIG), "commands run on this host's files"),
        "models": ignored(named(inner.MODEL), "there is no model runner"),
        "x-dataplane": used(FILE_X, "see below"),
    },
)
