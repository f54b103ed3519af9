"""The compact index against a dict of sets, at every load, with chosen hashes so that buckets overflow."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fastpath.index import TestIndex as Index

# Few homes and few tags: overflow, equal tags and equal hashes are the rule.
HASHES = st.builds(lambda home, tag: home << 29 | tag, st.integers(0, 7), st.integers(1, 4))


def own(hash, number):
    """A reference belongs to one hash: two hashes of one home and tag are one to the index."""
    return (hash >> 29) << 10 | (hash & 7) << 6 | number


class AgainstCounter(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.index = Index(60)
        self.model: Counter[tuple[int, int]] = Counter()

    @rule(hash=HASHES, reference=st.integers(0, 30))
    def insert(self, hash, reference):
        reference = own(hash, reference)
        fits = self.model.total() < 60
        assert self.index.insert(hash, reference) == fits
        self.model[hash, reference] += fits

    @rule(hash=HASHES, reference=st.integers(0, 30))
    def remove(self, hash, reference):
        reference = own(hash, reference)
        there = self.model[hash, reference] > 0
        assert self.index.remove(hash, reference) == there
        self.model[hash, reference] -= there

    @rule(hash=HASHES, old=st.integers(0, 30), new=st.integers(0, 30))
    def replace(self, hash, old, new):
        old, new = own(hash, old), own(hash, new)
        there = self.model[hash, old] > 0
        assert self.index.replace(hash, old, new) == there
        self.model[hash, old] -= there
        self.model[hash, new] += there

    @invariant()
    def everything_is_found(self):
        assert len(self.index) == self.model.total()
        for hash in {hash for hash, _ in self.model}:
            found = Counter(self.index.find(hash))
            assert not {key: n for key, n in self.model.items() if key[0] == hash and found[key[1]] < n}


TestAgainstCounter = AgainstCounter.TestCase
TestAgainstCounter.settings = settings(max_examples=60, stateful_step_count=120, deadline=None)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.randoms(use_true_random=False))
def test_a_full_index_holds_all_and_empties_again(capacity, chance):
    index = Index(capacity)
    pairs = [(chance.getrandbits(32), number) for number in range(capacity)]
    assert all(index.insert(*pair) for pair in pairs)
    assert not index.insert(1, 1)
    chance.shuffle(pairs)
    for number, (hash, reference) in enumerate(pairs):
        assert index.remove(hash, reference)
        assert not index.remove(hash, reference)
        if number % 97 == 0:
            assert all(other in index.find(h) for h, other in pairs[number + 1 :])
    assert len(index) == 0
    assert index.passed() == 0


def test_a_search_ends_though_every_bucket_was_passed_over():
    """Each bucket was full for a moment, and what had no room there lies in the next one still: nobody may go round for ever."""
    index = Index(60)
    homes = [((line << 32) // 7 + 256) & ~0xFF | 1 for line in range(7)]  # of one tag
    for line, home in enumerate(homes):
        fill = range(12 if line == 0 else 11)
        assert all(index.insert(home, number) for number in fill)
        assert index.insert(home, 1000 + line)
        assert all(index.remove(home, number) for number in fill)
    assert index.passed() == len(index) == 7
    for line, home in enumerate(homes):
        assert 1000 + line in index.find(home)
        assert index.find(home ^ 6) == []
        assert not index.remove(home ^ 6, 5)


@pytest.mark.parametrize("oldest", [True, False])
def test_look_ups_settle_while_references_come_and_go(oldest):
    """However often all of a full index is exchanged, a reference lies on average less than a line beyond its home."""
    chance = random.Random(1)
    index = Index(4000)
    hashes = [chance.getrandbits(32) for _ in range(4000)]
    assert all(index.insert(hash, number) for number, hash in enumerate(hashes))
    assert index.passed() < 0.2 * len(index)
    for _ in range(16):
        for at in range(4000):
            number = at if oldest else chance.randrange(4000)
            assert index.remove(hashes[number], number)
            hashes[number] = chance.getrandbits(32)
            assert index.insert(hashes[number], number)
        assert index.passed() < 0.8 * len(index)
    assert all(number in index.find(hash) for number, hash in enumerate(hashes))


def test_it_is_compact():
    """At most 6.7 octets a reference, all in."""
    assert Index(1_000_000).octets() <= 6_700_000
