"""What holds for every test."""

import signal

from hypothesis import settings

pytest_plugins = ["tests.fuzz.counted"]


def pytest_configure() -> None:
    """No deadlines; SIGINT as usual: a shell starts what it puts in the background with it ignored, and children inherit that."""
    # How long an example takes says more about the machine's load than about us.
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
