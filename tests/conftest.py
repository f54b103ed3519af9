"""What holds for every test."""

import signal

pytest_plugins = ["tests.fuzz.counted"]


def pytest_configure() -> None:
    """A shell starts what it puts in the background with SIGINT ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
