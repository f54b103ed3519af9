"""Namespaces become what is wanted, from whatever there is, wherever a daemon was killed (issue: reconcile as a property)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.daemon.reconcile import (
    AddInterface,
    AttachInterface,
    MakeSandbox,
    RemoveInterface,
    RemoveSandbox,
    SetRoute,
    Step,
    applied,
    diff,
    ports_parted,
)
from dataplane.daemon.specs import HOST, NOTHING, OWN, InterfaceSpec, RouteSpec, Sandboxes, SandboxSpec

NAMES = ("aa", "bb", "cc")
NETWORKS = ("one", "two", "three")


@st.composite
def sandboxes(draw: st.DrawFn, name: str) -> SandboxSpec:
    """A container on some of the networks, in some order; its interfaces may be called as another's were before."""
    if draw(st.integers(0, 5)) == 0:
        return SandboxSpec(name=name, kind=HOST)
    chosen = draw(st.lists(st.sampled_from(NETWORKS), unique=True))
    labels = draw(st.permutations(range(len(NETWORKS))))
    interfaces = {}
    for network, number in zip(chosen, labels, strict=False):
        port = f"{name}.{network}"
        address = f"10.{NETWORKS.index(network)}.0.{draw(st.integers(2, 4))}/24"
        interfaces[port] = InterfaceSpec(
            port=port,
            name=f"eth{number}",
            mac=f"02:42:0a:00:00:0{draw(st.integers(1, 2))}",
            mtu=draw(st.sampled_from((1500, 9000))),
            addresses=(address,),
        )
    routes = {}
    for version in (4, 6):
        if interfaces and draw(st.booleans()):
            by = draw(st.sampled_from(sorted(one.name for one in interfaces.values())))
            gateway = ip_address("10.0.0.1" if version == 4 else "fd00::1")
            routes[version] = RouteSpec(version=version, interface=by, gateway=gateway)
    return SandboxSpec(name=name, interfaces=MappingProxyType(interfaces), routes=MappingProxyType(routes))


@st.composite
def worlds(draw: st.DrawFn) -> Sandboxes:
    """What some containers want."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return MappingProxyType({name: draw(sandboxes(name)) for name in names})


def as_found(world: Sandboxes) -> Sandboxes:
    """As the next daemon sees it: interfaces by name and port, and nothing is known of what they have."""
    return MappingProxyType(
        {
            name: replace(
                spec,
                interfaces=MappingProxyType(
                    {port: InterfaceSpec(port=port, name=one.name, mac="") for port, one in spec.interfaces.items()}
                ),
            )
            for name, spec in world.items()
        }
    )


@given(worlds())
def test_nothing_is_done_where_nothing_differs(world: Sandboxes) -> None:
    """``diff(a, a)`` is empty."""
    assert diff(world, world) == ()
    ports = {port for spec in world.values() for port in spec.interfaces}
    assert diff(world, world, ports) == ()


@given(worlds(), worlds())
def test_any_world_becomes_any_other(old: Sandboxes, new: Sandboxes) -> None:
    """Each step fits what is there when its turn comes; in the end all is as wanted."""
    assert applied(old, diff(old, new)) == new


@given(worlds(), st.lists(worlds(), min_size=1, max_size=4))
def test_any_order_of_calls_ends_in_the_last_wish(start: Sandboxes, wishes: list[Sandboxes]) -> None:
    """What came between does not matter."""
    world = start
    for wish in wishes:
        world = applied(world, diff(world, wish))
    assert world == wishes[-1]


@settings(max_examples=300)
@given(worlds(), worlds(), worlds(), st.data())
def test_a_crash_at_any_step_ends_in_what_is_wanted(old: Sandboxes, first: Sandboxes, then: Sandboxes, data: st.DataObject) -> None:
    """Killed between two steps, and again while it recovers: the daemon after that finds names and ports, attaches, and is done."""
    world = old
    for wish in (first, then):
        steps = diff(world, wish)
        world = applied(world, steps[: data.draw(st.integers(0, len(steps)))])
        world = as_found(world)
    steps = diff(world, then, frozenset())
    after = applied(world, steps)
    assert after == then
    attached = {step.interface.port for step in steps if isinstance(step, AddInterface | AttachInterface)}
    assert attached == {port for spec in then.values() for port in spec.interfaces}, "each has a descriptor here, made or opened"
    assert diff(after, then, attached) == ()


@given(worlds(), worlds())
def test_the_engine_lets_go_first(old: Sandboxes, new: Sandboxes) -> None:
    """Of every port whose TAP goes, be it with its namespace."""
    steps = diff(old, new)
    gone = {port for spec in old.values() for port in spec.interfaces} - {p for s in new.values() for p in s.interfaces}
    assert gone <= ports_parted(steps, old)
    made = {step.interface.port for step in steps if isinstance(step, AddInterface)}
    held = {port for spec in old.values() for port in spec.interfaces} - ports_parted(steps, old)
    assert not made & held, "a port is never made while the engine has one of that name"


def step_kinds(steps: tuple[Step, ...]) -> list[str]:
    return [type(step).__name__ for step in steps]


ETH0 = InterfaceSpec(port="web.one", name="eth0", mac="02:42:0a:00:00:02", addresses=("10.0.0.2/24",))
ETH1 = InterfaceSpec(port="web.two", name="eth1", mac="02:42:0a:01:00:02", addresses=("10.1.0.2/24",))
WAY = RouteSpec(version=4, interface="eth0", gateway=ip_address("10.0.0.1"))
OTHER_WAY = RouteSpec(version=4, interface="eth1", gateway=ip_address("10.1.0.1"))


def web(*interfaces: InterfaceSpec, route: RouteSpec | None = None, kind: str = OWN) -> Sandboxes:
    routes = MappingProxyType({4: route} if route is not None else {})
    return {"web": SandboxSpec(name="web", kind=kind, interfaces={one.port: one for one in interfaces}, routes=routes)}


def test_a_container_starts_and_ends() -> None:
    """A namespace, its interfaces, its route; at the end the namespace alone, with which the others go."""
    world = web(ETH0, route=WAY)
    assert step_kinds(diff(NOTHING, world)) == ["MakeSandbox", "AddInterface", "SetRoute"]
    assert diff(world, NOTHING) == (RemoveSandbox("web"),)
    assert diff(NOTHING, web(kind=HOST)) == (MakeSandbox("web", HOST),)


def test_a_hot_connect_touches_the_new_interface_alone() -> None:
    """A TCP stream on eth0 survives: nothing of eth0 is in the steps. The default route is replaced, never missing."""
    steps = diff(web(ETH0, route=WAY), web(ETH0, ETH1, route=OTHER_WAY))
    assert steps == (AddInterface("web", ETH1), SetRoute("web", OTHER_WAY))


def test_a_hot_disconnect_gives_the_route_to_who_is_left() -> None:
    """The route goes with eth1; that by eth0 takes its place."""
    steps = diff(web(ETH0, ETH1, route=OTHER_WAY), web(ETH0, route=WAY))
    assert steps == (RemoveInterface("web", ETH1), SetRoute("web", WAY))


def test_a_name_is_free_before_another_has_it() -> None:
    """eth0 of one network goes, eth0 of another comes."""
    again = replace(ETH1, name="eth0")
    assert step_kinds(diff(web(ETH0), web(again))) == ["RemoveInterface", "AddInterface"]


def test_steps_print_as_lines() -> None:
    """Named actions (issue)."""
    lines = [str(step) for step in diff(NOTHING, web(ETH0, route=WAY))]
    assert lines == ["+ namespace web (own)", "+ eth0 in web, port web.one", "~ IPv4 of web by 10.0.0.1 dev eth0"]


def test_a_step_that_does_not_fit_is_an_error() -> None:
    """The model of the property tests can fail."""
    with pytest.raises(ValueError, match="name is taken"):
        applied(web(ETH0), [AddInterface("web", ETH0)])
    with pytest.raises(ValueError, match="no interface"):
        applied(web(), [SetRoute("web", WAY)])
