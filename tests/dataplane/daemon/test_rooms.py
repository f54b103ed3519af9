"""What a killed helper had done and nobody was told of: taken away, and the order carried out anew by the next."""

from __future__ import annotations

from typing import Any

import pytest

from dataplane.daemon.reconcile import AddInterface, MakeSandbox, RemoveSandbox
from dataplane.daemon.rooms import Rooms
from dataplane.daemon.specs import OWN, InterfaceSpec
from dataplane.errors import UserError
from dataplane.proc.spec import NamespaceRef


class Pretended:
    """A helper: ``spaces``, each with its interfaces by name. ``killed``: while it carries out the next order."""

    def __init__(self) -> None:
        self.spaces: dict[str, dict[str, str]] = {}
        self.rooms: Rooms | None = None
        self.killed = self.refuses = False

    def namespaces(self) -> dict[str, NamespaceRef]:
        return {name: NamespaceRef(name, f"/{name}", 1, True) for name in self.spaces}

    def look(self, names: list[str]) -> dict[str, Any]:
        return {name: {"interfaces": [[port, link] for link, port in self.spaces[name].items()], "routes": []} for name in names}

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

    def _furnish(self, orders: list[dict[str, Any]]) -> tuple[dict[str, NamespaceRef], list[int]]:
        for order in orders:
            if order.get("create"):
                if order["name"] in self.spaces:
                    raise UserError("there already")
                self.spaces[order["name"]] = {}
            links = self.spaces[order["name"]]
            for one in order.get("delete", ()):
                del links[one]
            for one in order.get("add", ()):
                if one["name"] in links:
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


def eth(number: int) -> InterfaceSpec:
    return InterfaceSpec(port=f"a.n{number}", name=f"eth{number}", mac="02:00:00:00:00:01")


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
