"""Segments from a kernel that cuts them itself are super-frames again on the other side, and the stream is what it was."""

import pytest

from fastpath import TapPort
from tests.live.switch import Switch
from tests.live.test_packet_port import Uplink
from tests.live.transfer import transferred

pytestmark = pytest.mark.live


@pytest.mark.parametrize("target", ["10.9.0.2", "fd00::2"])
def test_to_a_tap(target):
    with Switch("a", "b", a=False) as switch:
        transferred(switch["a"], switch["b"], target)
        counted = {name: port.named_counters()["merged"] for name, port in switch.ports.items()}
        assert counted["b"] > 500
        assert counted["a"] == 0
        assert not switch.drops()
        assert switch.conserved()


@pytest.mark.parametrize("target", ["10.9.0.99", "fd00::99"])
def test_to_a_packet_socket(target):
    with Uplink(a=False) as uplink:
        transferred(uplink["a"], uplink.far, target)
        assert uplink.up.named_counters()["merged"] > 500
        assert uplink.conserved()


def test_as_they_come():
    """`merge=False`: every segment by itself."""
    with Switch("a", a=False) as switch:
        namespace = switch.spaces.add("b")
        port = TapPort(switch.engine, "b", namespace.tap("10.9.0.2/24"), merge=False)

        def join():
            port.lead_to(switch.bridge, switch.bridge.add_member(port))
            switch.loop.add(port)

        switch.loop.submit(join).result(30)
        transferred(switch["a"], namespace, "10.9.0.2", 1 << 20)
        assert port.named_counters()["merged"] == 0
        assert switch.conserved()
        switch.loop.submit(port.close).result(30)
