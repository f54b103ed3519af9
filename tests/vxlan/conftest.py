"""Worlds for tests: with an underlay of each family."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.vxlan.overlay_world import Overlays


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request: pytest.FixtureRequest) -> int:
    """Of the underlay."""
    return request.param


@pytest.fixture
def make(v: int) -> Callable[..., Overlays]:
    """Makes worlds of both families, one after the other."""
    return lambda **settings: Overlays(v, **settings)


@pytest.fixture
def world(v: int) -> Overlays:
    """One overlay, two peers, the defaults."""
    return Overlays(v)


@pytest.fixture
def both(v: int) -> Overlays:
    """Two overlays with the same two peers."""
    return Overlays(v, blue=True)
