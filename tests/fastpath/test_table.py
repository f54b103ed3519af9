"""The hash table against a dict, at every load, through insertion, removal and full probe paths."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fastpath.table import TestTable as Table

KEYS = st.integers(1, 40) | st.integers(1, 2**64 - 1)


class AgainstDict(RuleBasedStateMachine):
    """A small table is often full, so that removals have to move pairs back over holes."""

    def __init__(self):
        super().__init__()
        self.table = Table(30, 7)
        self.model: dict[int, int] = {}

    @rule(key=KEYS, value=st.integers(0, 2**64 - 1))
    def put(self, key, value):
        fits = key in self.model or len(self.model) < 30
        assert self.table.put(key, value) == fits
        if fits:
            self.model[key] = value

    @rule(key=KEYS)
    def remove(self, key):
        assert self.table.remove(key) == (self.model.pop(key, None) is not None)

    @rule(key=KEYS)
    def get(self, key):
        assert self.table.get(key) == self.model.get(key)

    @invariant()
    def everything_is_found(self):
        assert len(self.table) == len(self.model)
        assert all(self.table.get(key) == value for key, value in self.model.items())


TestAgainstDict = AgainstDict.TestCase
TestAgainstDict.settings = settings(max_examples=60, stateful_step_count=80, deadline=None)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 2**64 - 1), st.randoms(use_true_random=False))
def test_a_full_table_holds_all_and_empties_again(capacity, seed, chance):
    table = Table(capacity, seed)
    keys = chance.sample(range(1, 2**48), capacity)
    assert all(table.put(key, key ^ 0xFFFF) for key in keys)
    assert not table.put(2**50, 1)
    assert len(table) == capacity
    chance.shuffle(keys)
    for number, key in enumerate(keys):
        assert table.remove(key)
        assert not table.remove(key)
        if number % 97 == 0:
            assert all(table.get(other) == other ^ 0xFFFF for other in keys[number + 1 :])
    assert len(table) == 0


def test_key_zero_means_empty():
    with pytest.raises(ValueError, match="empty"):
        Table(4).put(0, 1)


def test_consecutive_addresses_spread():
    """A million keys of one vendor fit within 70 % full without a refused probe."""
    table = Table(1_000_000, 3)
    assert all(table.put(0x024200000000 + number, number) for number in range(1_000_000))
    assert table.octets() <= 32 << 20
