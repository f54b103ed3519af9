"""The folder of named namespaces, where there is none yet."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from labs import in_world

from dataplane.proc import mounts

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="a user's namespaces have no names")]


@in_world()
def test_others_may_look_into_it_whatever_our_umask() -> None:
    """As `ip netns add` makes it: whoever is not root finds out which names there are."""
    folder, name = Path(mounts.FOLDER), "t-names-folder"
    assert not folder.exists()
    with tempfile.TemporaryDirectory() as base:
        old = os.umask(0o077)
        try:
            mounts.bind(base, name)
        finally:
            os.umask(old)
        try:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o755
        finally:
            mounts.unbind(name, Path("/proc/self/ns/net").stat().st_ino)
            mounts.release(base, others=lambda: False)
