"""Compose files -> `dataplane.model.Topology`.

``load`` is the way in, ``find`` looks for a folder's file. The way of a file, one module a step:

``files`` read · ``yaml_nodes``/``plain_nodes`` the tree of `nodes`, with lines · ``interpolate`` variables, by ``substitution`` ·
``extends``, by ``merge`` · ``keys_file`` and the other tables of ``keys``: every key known, every value of its shape (``shapes``) ·
``topology`` names resolved and defaults filled in, by ``network``, ``service`` and what they use · ``findings`` the warnings.
"""

from __future__ import annotations

from dataplane.compose.files import find
from dataplane.compose.load import load

__all__ = ["find", "load"]
