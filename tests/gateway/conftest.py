"""Worlds for tests: of both families, or of one where a row knows only that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gateway.world import World


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def make(v: int) -> Callable[..., World]:
    """Makes worlds of both families, one after the other."""
    return lambda **settings: World(v, **settings)


@pytest.fixture
def world(v: int) -> World:
    """NAT with the defaults, in both families."""
    return World(v)


@pytest.fixture
def world4() -> World:
    return World(4)


@pytest.fixture
def world6() -> World:
    return World(6)


@pytest.fixture
def routed(v: int) -> World:
    """A router and nothing else: no flows, no rules."""
    return World(v, nat=None)


@pytest.fixture
def routed4() -> World:
    return World(4, nat=None)


@pytest.fixture
def routed6() -> World:
    return World(6, nat=None)
