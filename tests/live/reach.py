"""Who reaches whom, as files in examples/ promise it: pairs of services, by name and by every address that the other has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

Run = Callable[..., tuple[int, str]]
"""``run(service, *words)``: exit status and output of a command in a service."""
Pairs = Mapping[str, str]
"""By service: the services that it reaches, separated by spaces."""


def _everybody(*names: str) -> Pairs:
    return {name: " ".join(names) for name in names}


EXAMPLES: Mapping[str, Pairs] = {
    "three-tier": {"visitor": "proxy", "proxy": "visitor app", "app": "proxy db", "db": "app"},
    "microservices": {
        "gateway": "users orders billing",
        "users": "gateway",
        "orders": "gateway billing",
        "billing": "gateway orders",
    },
    "internal-database": {"app": "db backup", "db": "app backup", "backup": "app db"},
    "dual-stack": {"server": "old-client new-client", "old-client": "server", "new-client": "server"},
    "replicas": _everybody("web-1", "web-2", "worker-1", "worker-2", "worker-3", "client"),
    "projects": {"web": "db", "db": "web"},
    "aliases": {"db": "clerk", "clerk": "db", "cache": "guest", "guest": "cache"},
    "healthy": {"db": "app", "app": "db"},
    "ports": _everybody("web", "many", "echo", "quiet"),
    "ipvlan": {"edge": "", "web": "db", "db": "web"},
    "macvlan": {"printer": "app", "app": "printer db", "db": "app"},
    "sidecar": {"app": "client", "client": "app"},
}
"""Who reaches whom in each file."""


def addresses(run: Run, service: str) -> list[str]:
    """Those that are not the loopback's or the link's own."""
    status, text = run(service, "ip", "-j", "address")
    assert status == 0, text
    found = [entry for link in json.loads(text) for entry in link["addr_info"]]
    return [entry["local"] for entry in found if entry["scope"] == "global"]


def answers(run: Run, service: str, address: str, seconds: int = 1) -> bool:
    """An echo request comes back."""
    return run(service, "ping", "-n", "-c", "1", "-W", str(seconds), address)[0] == 0


def knows(run: Run, service: str, name: str) -> bool:
    """A name leads to an address there, by what it has of us: /etc/hosts, or the embedded DNS on 127.0.0.11."""
    if run(service, "getent", "-s", "files", "ahosts", name)[0] == 0:
        return True
    status, _text = run(service, "grep", "-q", "127.0.0.11", "/etc/resolv.conf")
    return status == 0 and run(service, "getent", "ahosts", name)[0] == 0


def check(run: Run, reached: Pairs, called: Callable[[str], str] = str) -> None:
    """Every pair of services, also those of which nothing is said: they reach each other by no address, and know no name.
    ``called``: a service's name for others, "" where it has none of its own."""
    homes = {name: addresses(run, name) for name in reached}

    def one(pair: tuple[str, str]) -> str:
        source, target = pair
        wanted = target in reached[source].split()
        got = any(answers(run, source, address) for address in homes[target])
        # A busy machine may take its time where it is wanted; where it is not, waiting longer would prove nothing more.
        got = got or (wanted and any(answers(run, source, address, 5) for address in homes[target]))
        wrong = [] if got == wanted else [f"{source} {'reaches' if got else 'does not reach'} {target} ({homes[target]})"]
        if (name := called(target)) and knows(run, source, name) != wanted:
            wrong.append(f"{source} {'does not know' if wanted else 'knows'} the name {name}")
        return "; ".join(wrong)

    pairs = [(a, b) for a in reached for b in reached if a != b]
    with ThreadPoolExecutor(16) as pool:
        wrong = list(filter(None, pool.map(one, pairs)))
    assert not wrong, "; ".join(wrong)
