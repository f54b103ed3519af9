"""The sets of taken ports against Python's sets."""

from hypothesis import given
from hypothesis import strategies as st

from fastpath.portset import TestPorts as Ports

CLASSES = st.sampled_from([(0, 1023), (1024, 65535), (0, 65535)])


@given(CLASSES, st.integers(0, 1), st.data())
def test_a_free_port_is_found_whenever_there_is_one(bounds, parity, data):
    first, last = bounds
    ports = Ports()
    of_parity = [port for port in range(first, last + 1) if port % 2 == parity]
    free = set(data.draw(st.lists(st.sampled_from(of_parity), max_size=4)))
    for port in of_parity:
        if port not in free:
            ports.take(port)
    while free:
        found = ports.free(parity, first, last, data.draw(st.integers(first, last)))
        assert found in free
        ports.take(found)
        free.discard(found)
    assert ports.free(parity, first, last, first) is None
    back = data.draw(st.sampled_from(of_parity))
    ports.give(back)
    assert ports.free(parity, first, last, data.draw(st.integers(first, last))) == back


def test_all_ports_of_a_class_are_given_out_once():
    """NAT-4, NAT-5: 64,512 ports of the upper class, half of them even."""
    ports = Ports()
    given = set()
    for parity in (0, 1):
        while (port := ports.free(parity, 1024, 65535, 40000)) is not None:
            assert port % 2 == parity
            ports.take(port)
            given.add(port)
    assert given == set(range(1024, 65536))
