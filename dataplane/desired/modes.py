"""`--network` of a container: which namespace it lives in, and what does not go with that. Pure; the words are Docker's."""

from __future__ import annotations

from dataplane.desired.records import ContainerRecord, State
from dataplane.desired.references import container, network
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import ContainerWish

SHARED = "container:"
_UNDEFINED = "This would result in undefined behavior"
PORTS_DISCARDED = "Published ports are discarded when using host network mode"


def decided(state: State, mode: str) -> str:
    """``bridge``, ``host``, ``none``, ``container:ID`` or a network's id; as written where there is no such yet, which a start then
    says. Refused 400: it is malformed, or means several."""
    if mode in {"", "default", "bridge"}:
        return "bridge"
    if mode in {"host", "none"}:
        return mode
    try:
        if mode.startswith(SHARED):
            other = mode.removeprefix(SHARED)
            if not other:
                raise Refused(400, "Invalid network mode: invalid container format container:<name|id>")
            return SHARED + container(state, other).id
        record = network(state, mode)
    except Refused as refused:
        if refused.http != 404:
            raise
        return mode
    return record.name if record.predefined else record.id


def require_no_conflict(wish: ContainerWish, mode: str) -> None:
    """Refused 400: options that do not go together (Docker's validateNetMode)."""
    record = wish.record
    shared, host = mode.startswith(SHARED), mode == "host"
    macs = any(one.mac for one in wish.networks.values())
    for wrong, words in (
        (shared and record.hostname, "conflicting options: hostname and the network mode"),
        (host and wish.links, f"conflicting options: host type networking can't be used with links. {_UNDEFINED}"),
        (shared and wish.links, f"conflicting options: container type network can't be used with links. {_UNDEFINED}"),
        (shared and record.dns, "conflicting options: dns and the network mode"),
        (shared and record.extra_hosts, "conflicting options: custom host-to-IP mapping and the network mode"),
        ((shared or host) and macs, "conflicting options: mac-address and the network mode"),
        (
            shared and (record.ports or record.publish_all),
            "conflicting options: port publishing and the container type network mode",
        ),
        (shared and record.expose, "conflicting options: port exposing and the container type network mode"),
    ):
        if wrong:
            raise Refused(400, words, mend=f"leave one of the two out: the network mode is {wish.network_mode}")


def warnings(record: ContainerRecord) -> list[str]:
    """What is asked for and has no effect."""
    if record.network_mode == "host" and (record.ports or record.publish_all):
        return [PORTS_DISCARDED]
    return []


def require_joinable(state: State, record: ContainerRecord) -> None:
    """Refused, when a container starts: its network is not there (404); who shares its namespace with it is not (500), or does not
    run (409)."""
    mode = record.network_mode
    if not mode.startswith(SHARED):
        if mode not in {"bridge", "host", "none"} and mode not in state.networks:
            raise Refused(404, f"network {mode} not found", mend="make the network, or the container anew on another one")
        return
    key = mode.removeprefix(SHARED)
    other = state.containers.get(key)
    if other is None:
        raise Refused(500, f"joining network namespace of container: No such container: {key}", mend="make the container anew")
    if other.id == record.id:
        raise Refused(500, "cannot join own network namespace")
    if not other.alive:
        raise Refused(
            409,
            f"cannot join network namespace of a non running container: container {other.name} is {other.fate.state}",
            mend=f"start it first: start {other.name}",
        )
