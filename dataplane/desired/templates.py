"""Networks that are a template (`--config-only`), and networks made of one (`--config-from`). Pure."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from dataplane.desired.records import State
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import NetworkWish, PoolWish
from dataplane.model import Pool


def require_alone(wish: NetworkWish) -> None:
    """Refused 403: the wish says what a template has no place for, or what the template of the network says already."""
    if wish.config_only and (wish.ingress or wish.internal or wish.attachable or wish.scope):
        raise Refused(
            403,
            "configuration network can only contain network specific fields. Network operator fields like "
            "[ ingress | internal | attachable | scope ] are not supported.",
        )
    if not wish.config_from:
        return
    if wish.config_only:
        raise Refused(403, "a configuration network cannot depend on another configuration network")
    configured = wish.ipam_driver not in {"", "default"} or wish.ipam_options or any(one != PoolWish() for one in wish.pools)
    if configured or wish.labels or wish.enable_ipv4 is False or wish.enable_ipv6:
        raise Refused(403, "user specified configurations are not supported if the network depends on a configuration network")
    if wish.options:
        raise Refused(403, "network driver options are not supported if the network depends on a configuration network")


def filled(state: State, wish: NetworkWish) -> NetworkWish:
    """The wish with all that its template says. Refused 404: there is no such template."""
    record = next((one for one in state.networks.values() if wish.config_from in (one.name, one.id)), None)
    if record is None or not record.config_only:
        raise Refused(
            404,
            f'configuration network "{wish.config_from}" does not exist',
            mend=f"make it first: network create --config-only {wish.config_from}",
        )
    return replace(
        wish,
        config_from=record.name,
        enable_ipv4=record.enable_ipv4,
        enable_ipv6=record.enable_ipv6,
        pools=tuple(map(_wish, record.pools)),
        ipam_driver=record.ipam_driver,
        ipam_options=record.ipam_options,
        options=record.options,
        labels=record.labels,
    )


def _wish(pool: Pool) -> PoolWish:
    return PoolWish(
        subnet=str(pool.subnet),
        ip_range=str(pool.ip_range or ""),
        gateway=str(pool.gateway or ""),
        aux_addresses=MappingProxyType({name: str(address) for name, address in pool.aux_addresses.items()}),
    )
