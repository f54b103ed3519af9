"""Sysctls shared by labs: whatever the order, the last that lets go restores what was there before the first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dataplane.hostnet.ledger import Book, Entry, Key, Write, released, taken

ETH0: Key = (1, "net/ipv4/conf/eth0/forwarding")
ETH1: Key = (1, "net/ipv4/conf/eth1/forwarding")


class Machine:
    """A host with sysctls and a ledger, changed as ``shared`` does."""

    def __init__(self, **values: str) -> None:
        self.values: dict[Key, str] = {ETH0: values.get("eth0", "0"), ETH1: values.get("eth1", "0")}
        self.book: Book = {}

    def write(self, writes: list[Write]) -> None:
        for one in writes:
            assert self.values[one.key] == one.old
            self.values[one.key] = one.new

    def take(self, lab: str, *keys: Key) -> None:
        wanted = dict.fromkeys(keys, "1")
        self.book, writes = taken(self.book, lab, wanted, self.values.get)
        self.write(writes)
        self.book, writes = released(self.book, lab, wanted, self.values.get)
        self.write(writes)

    def release(self, lab: str) -> None:
        self.book, writes = released(self.book, lab, {}, self.values.get)
        self.write(writes)


def test_the_last_lab_restores_the_old_value() -> None:
    host = Machine()
    host.take("a", ETH0)
    host.take("b", ETH0, ETH1)
    host.release("a")
    assert host.values == {ETH0: "1", ETH1: "1"}
    host.release("b")
    assert host.values == {ETH0: "0", ETH1: "0"}
    assert host.book == {}


def test_what_was_right_already_is_nobodys() -> None:
    host = Machine(eth0="1")
    host.take("a", ETH0)
    assert host.book == {}
    host.release("a")
    assert host.values[ETH0] == "1"


def test_what_somebody_else_changed_meanwhile_stays() -> None:
    host = Machine()
    host.take("a", ETH0)
    host.values[ETH0] = "2"
    host.release("a")
    assert host.values[ETH0] == "2"


def test_killed_between_book_and_write_leaves_the_old_value() -> None:
    host = Machine()
    host.book, _never_written = taken(host.book, "a", {ETH0: "1"}, host.values.get)
    assert host.book == {ETH0: Entry("0", "1", ("a",))}
    host.release("a")
    assert (host.values[ETH0], host.book) == ("0", {})


def test_an_interface_that_went_is_forgotten() -> None:
    host = Machine()
    host.take("a", ETH0, ETH1)
    del host.values[ETH1]
    host.release("a")
    assert (host.values, host.book) == ({ETH0: "0"}, {})


KEYS = st.lists(st.sampled_from([ETH0, ETH1]), unique=True)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | KEYS)), st.sampled_from("01"), st.sampled_from("01"))
def test_any_order_ends_as_it_began(changes: list[tuple[str, list[Key] | None]], eth0: str, eth1: str) -> None:
    host = Machine(eth0=eth0, eth1=eth1)
    before = dict(host.values)
    needed: dict[str, list[Key]] = {}
    for lab, keys in changes:
        if keys is None:
            host.release(lab)
            needed.pop(lab, None)
        else:
            host.take(lab, *keys)
            needed[lab] = keys
        assert all(host.values[key] == "1" for keys in needed.values() for key in keys)
    for lab in "abc":
        host.release(lab)
    assert (host.values, host.book) == (before, {})
