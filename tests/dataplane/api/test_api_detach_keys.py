import pytest

from dataplane.api.takeover import keys
from dataplane.desired.refused import Refused


def test_keys_as_docker_writes_them():
    assert keys("") == b"\x10\x11"
    assert keys("ctrl-p,ctrl-q") == b"\x10\x11"
    assert keys("ctrl-],x") == b"\x1dx"
    for text in ("ctrl-1", "ab", ",", "ctrl-é"):
        with pytest.raises(Refused):
            keys(text)
