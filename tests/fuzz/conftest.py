"""Both families, as in tests/gateway."""

import pytest


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request: pytest.FixtureRequest) -> int:
    return request.param
