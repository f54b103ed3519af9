"""How many hostile frames each node and parser got: counted by the tests, asserted, printed as a table at the end. A plugin."""

import os
from collections import Counter

import pytest

# The sanitised run sets a million (.ci/sanitized); elsewhere a tenth says enough.
FRAMES = int(os.environ.get("DATAPLANE_FUZZ_FRAMES", "100000"))
COUNTED: Counter[str] = Counter()


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request: pytest.FixtureRequest) -> int:
    """Both families, as in tests/gateway."""
    return request.param


@pytest.fixture
def reached(request):
    """`reached(what, n)`: so many frames have come there. A test that uses it must get FRAMES to each that it names."""
    here: Counter[str] = Counter()

    def count(what: str, n: int) -> None:
        here[what] += int(n)

    yield count
    COUNTED.update(here)
    assert here
    assert min(here.values()) >= FRAMES, here


def pytest_terminal_summary(terminalreporter) -> None:
    if not COUNTED:
        return
    terminalreporter.section("hostile frames")
    for what, n in sorted(COUNTED.items()):
        terminalreporter.write_line(f"hostile frames: {what:<24}{n:>12,}")
