"""What a killed helper had done and nobody was told of: taken away, and the order carried out anew by the next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataplane.daemon.finding import AT_ONCE, begin_to_find, find
from dataplane.daemon.reconcile import AddInterface, AttachInterface, MakeSandbox, RemoveSandbox
from dataplane.daemon.rooms import Rooms
from dataplane.daemon.specs import OWN, InterfaceSpec
from dataplane.errors import UserError
from dataplane.proc.spec import NamespaceRef


class Pretended:
    """A helper: ``spaces``, each with its interfaces by name. ``killed``: while it carries out the next order. ``left``: rows that
    it finds, without their last word; ``orders``: all that came."""

    def __init__(self) -> None:
        self.spaces: dict[str, dict[str, str]] = {}
        self.left: dict[str, list[list[Any]]] = {}
        self.orders: list[dict[str, Any]] = []
        self.rooms: Rooms | None = None
        self.killed = self.refuses = False
        self.most = AT_ONCE  # namespaces of which a message holds what is in them
        self.opened: list[int] = []

    def namespaces(self) -> dict[str, NamespaceRef]:
        return {name: NamespaceRef(name, f"/{name}", 1, True) for name in self.spaces}

    def look(self, names: list[str]) -> dict[str, Any]:
        return {
            name: {"interfaces": [[port, link, "", 0, [], False] for link, port in self.spaces[name].items()], "routes": []}
            for name in names
        }

    def remove_namespace(self, namespace: NamespaceRef) -> None:
        if self.refuses:
            raise UserError("no")
        self.spaces.pop(namespace.name, None)

    def furnish(self, orders: list[dict[str, Any]]) -> tuple[dict[str, NamespaceRef], list[int]]:
        made = self._furnish(orders)
        if self.killed:
            self.killed = False
            assert self.rooms is not None
            self.rooms.renew(self.namespaces())
            return self._furnish(orders)
        return made

    def take_up(self, names: list[str]) -> tuple[dict[str, Any], list[int]]:
        """The links of each as they were left, and a descriptor that can be closed of each."""
        if len(names) > self.most:
            raise UserError("a message is too long")
        rows = {name: [[*row, True] for row in self.left.get(name, ())] for name in names if name in self.spaces}
        bodies = {name: {"interfaces": found, "routes": []} for name, found in rows.items() if found}
        fds = [os.open(os.devnull, os.O_RDONLY) for found in rows.values() for _ in found]
        self.opened += fds
        return bodies, fds

    def _furnish(self, orders: list[dict[str, Any]]) -> tuple[dict[str, NamespaceRef], list[int]]:
        self.orders += orders
        for order in orders:
            if order.get("create"):
                if order["name"] in self.spaces:
                    raise UserError("there already")
                self.spaces[order["name"]] = {}
            links = self.spaces[order["name"]]
            for one in order.get("delete", ()):
                del links[one]
            for one in order.get("add", ()):
                if one["name"] in links and not one["there"]:
                    raise UserError("busy")
                links[one["name"]] = one["port"]
        created = {order["name"] for order in orders if order.get("create")}
        return {name: one for name, one in self.namespaces().items() if name in created}, [
            9000 + n for n in range(sum(len(order.get("add", ())) for order in orders))
        ]


@pytest.fixture
def rooms() -> Rooms:
    helper = Pretended()
    helper.rooms = Rooms(helper)  # type: ignore[arg-type]
    helper.rooms.carry_out([MakeSandbox("a", OWN), AddInterface("a", eth(0))])
    return helper.rooms


@pytest.fixture
def helper() -> Pretended:
    """It holds what another daemon has left: `a` with two interfaces, and `b`, of which nothing is ours."""
    found = Pretended()
    first = Rooms(found)  # type: ignore[arg-type]
    first.carry_out([MakeSandbox("a", OWN), AddInterface("a", eth(0)), AddInterface("a", eth(1)), MakeSandbox("b", OWN)])
    found.left["a"] = [[one["port"], one["name"], one["mark"], one["mtu"], one["addresses"]] for one in found.orders[0]["add"]]
    found.orders.clear()
    return found


@pytest.fixture
def next_one(helper: Pretended) -> Iterator[Rooms]:
    """The next daemon's."""
    rooms = Rooms(helper, begin_to_find(helper))  # type: ignore[arg-type]
    helper.rooms = rooms
    rooms.look()
    yield rooms
    rooms.close()


def is_open(fd: int) -> bool:
    return Path(f"/proc/self/fd/{fd}").exists()


def attach(rooms: Rooms, *numbers: int) -> dict[str, int]:
    taps = rooms.carry_out([AttachInterface("a", eth(number)) for number in numbers])
    assert set(taps) == {f"a.n{number}" for number in numbers}
    for fd in taps.values():
        if fd < 9000:
            os.close(fd)
    return taps


def test_what_is_as_it_was_left_is_not_touched(helper: Pretended, next_one: Rooms) -> None:
    assert set(next_one.found) == {"a"}, "where nothing of ours can be seen any more is no place of ours"
    attach(next_one, 0, 1)
    assert helper.orders == []


@pytest.mark.parametrize(("word", "value"), [(2, ""), (2, "00000000"), (3, 0), (3, 9000), (4, []), (4, ["10.0.0.9/24"])], ids=str)
def test_what_was_left_otherwise_is_set_again(helper: Pretended, word: int, value: object) -> None:
    """Without a mark (killed in the midst of it), with that of another wish, down, another MTU, without its addresses."""
    helper.left["a"][0][word] = value
    rooms = Rooms(helper)  # type: ignore[arg-type]
    rooms.look()
    attach(rooms, 0, 1)
    (order,) = helper.orders
    assert [one["name"] for one in order["change"]] == ["eth0"]
    assert "add" not in order


def test_what_nobody_wants_is_closed(next_one: Rooms) -> None:
    fds = list(next_one._left.values())
    assert all(map(is_open, fds))
    attach(next_one, 1)
    assert not any(map(is_open, fds))


def test_what_could_not_be_opened_is_opened_later(helper: Pretended, next_one: Rooms) -> None:
    os.close(next_one._left.pop(("a", "a.n0")))
    attach(next_one, 0, 1)
    (order,) = helper.orders
    assert [(one["name"], one["there"]) for one in order["add"]] == [("eth0", True)]


def test_a_helper_that_was_killed_while_it_was_asked_is_asked_again(helper: Pretended) -> None:
    helper.refuses, helper.spaces[":uplink"] = True, {}
    rooms = Rooms(helper, begin_to_find(helper))  # type: ignore[arg-type]
    assert rooms._finding is not None
    rooms._finding.exception()
    helper.refuses = False
    rooms.look()
    assert set(rooms.found) == {"a"}, "and an uplink of that daemon is gone"
    attach(rooms, 0)


def many(helper: Pretended) -> None:
    """More namespaces than one order holds, each with an interface that says it is the same."""
    for number in range(AT_ONCE + 2):
        name = f"n{number:02}"
        helper.spaces[name] = {"eth0": "a.n0"}
        helper.left[name] = [["a.n0", "eth0", "", 1500, []]]


def test_what_was_opened_before_the_helper_was_killed_is_closed(helper: Pretended) -> None:
    """Else nobody could open it again."""
    many(helper)
    asked = iter([AT_ONCE, 0, 0, 0, 0])
    take_up = helper.take_up

    def killed(names: list[str]) -> tuple[dict[str, Any], list[int]]:
        helper.most = next(asked)
        return take_up(names)

    helper.take_up = killed  # type: ignore[method-assign]
    with pytest.raises(UserError):
        find(helper)  # type: ignore[arg-type]
    assert helper.opened
    assert not any(map(is_open, helper.opened))


def test_more_than_a_message_holds_is_asked_for_in_parts(helper: Pretended) -> None:
    many(helper)
    helper.most = 5
    found = find(helper)  # type: ignore[arg-type]
    assert len(found.seen) == AT_ONCE + 3
    for fd in found.taps.values():
        os.close(fd)


def test_a_port_is_of_its_namespace(helper: Pretended) -> None:
    """Whoever is in a namespace may call an interface there as another's is called: it is not taken for that one."""
    helper.left["b"] = [["a.n0", "x0", "", 1500, []]]
    rooms = Rooms(helper)  # type: ignore[arg-type]
    rooms.look()
    wanted = rooms._left["a", "a.n0"]
    assert attach(rooms, 0) == {"a.n0": wanted}
    assert not any(map(is_open, helper.opened))


def eth(number: int) -> InterfaceSpec:
    return InterfaceSpec(port=f"a.n{number}", name=f"eth{number}", mac="02:00:00:00:00:01", addresses=(f"10.0.{number}.2/24",))


def test_what_was_done_and_not_said_is_done_anew(rooms: Rooms) -> None:
    """A namespace that was made, and an interface in one that was there: both would be in the way for ever."""
    helper: Any = rooms._helper
    helper.killed = True
    taps = rooms.carry_out([AddInterface("a", eth(1)), MakeSandbox("b", OWN)])
    assert list(taps) == ["a.n1"]
    assert helper.spaces == {"a": {"eth0": "a.n0", "eth1": "a.n1"}, "b": {}}
    assert set(rooms.references) == set(rooms.found) == {"a", "b"}


def test_what_nobody_asks_for_again_goes_with_the_next_change(rooms: Rooms) -> None:
    helper: Any = rooms._helper
    helper.spaces |= {"stray": {}}
    helper.spaces["a"]["eth7"] = "a.n7"
    rooms.renew(helper.namespaces())
    rooms.carry_out([MakeSandbox("b", OWN)])
    assert helper.spaces == {"a": {"eth0": "a.n0"}, "b": {}}


def test_an_error_of_a_helper_that_lives_is_told(rooms: Rooms) -> None:
    with pytest.raises(UserError, match="busy"):
        rooms.carry_out([AddInterface("a", eth(0))])


def test_a_removal_that_failed_can_be_tried_again(rooms: Rooms) -> None:
    helper: Any = rooms._helper
    helper.refuses = True
    with pytest.raises(UserError, match="no"):
        rooms.carry_out([RemoveSandbox("a")])
    helper.refuses = False
    rooms.carry_out([RemoveSandbox("a")])
    assert helper.spaces == rooms.references == dict(rooms.found) == {}
