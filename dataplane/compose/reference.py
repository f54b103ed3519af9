"""The tables of keys as Markdown: what every key does here.

``python -m dataplane.compose.reference docs/compose.md`` writes them between the two marks of that file; a test holds them equal.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dataplane.compose.keys import Table, Use
from dataplane.compose.keys_deploy import DEPLOY, HEALTHCHECK, RESTART_POLICY
from dataplane.compose.keys_file import FILE, FILE_X
from dataplane.compose.keys_gateway import NAT, TIMEOUTS, UPLINK
from dataplane.compose.keys_network import ATTACHMENT, IPAM, NETWORK, NETWORK_X, POOL
from dataplane.compose.keys_service import DEPENDENCY, SERVICE, SERVICE_X
from dataplane.compose.keys_underlay import ENDPOINT, PEER, UNDERLAY

BEGIN = "<!-- keys: written by python -m dataplane.compose.reference -->"
END = "<!-- keys: end -->"
SECTIONS = (
    ("Top level", FILE),
    ("`x-dataplane` at the top level", FILE_X),
    ("`x-dataplane.uplink`", UPLINK),
    ("`x-dataplane.nat`", NAT),
    ("`x-dataplane.nat.timeouts`", TIMEOUTS),
    ("`x-dataplane.underlay`", UNDERLAY),
    ("`x-dataplane.underlay.peers[]`", PEER),
    ("`x-dataplane.underlay.peers[].endpoints[]`", ENDPOINT),
    ("`services.*`", SERVICE),
    ("`services.*.networks.*`", ATTACHMENT),
    ("`services.*.depends_on.*`", DEPENDENCY),
    ("`services.*.healthcheck`", HEALTHCHECK),
    ("`services.*.deploy`", DEPLOY),
    ("`services.*.deploy.restart_policy`", RESTART_POLICY),
    ("`services.*.x-dataplane`", SERVICE_X),
    ("`networks.*`", NETWORK),
    ("`networks.*.ipam`", IPAM),
    ("`networks.*.ipam.config[]`", POOL),
    ("`networks.*.x-dataplane`", NETWORK_X),
)
WORDS = {Use.USED: "used", Use.IGNORED: "warned", Use.LATER: "**error**", Use.ELSEWHERE: "**error**"}


def section(title: str, table: Table) -> str:
    """One table under its title."""
    rows = [f"| `{name}` | {WORDS[key.use]} | {key.note} |" for name, key in table.keys.items()]
    return "\n".join([f"### {title}", "", "| key | here | what |", "|---|---|---|", *rows])


def reference() -> str:
    """All of them."""
    return "\n\n".join(section(title, table) for title, table in SECTIONS)


def updated(page: str) -> str:
    """``page`` with the tables between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{reference()}\n\n{END}{tail}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(updated(target.read_text(encoding="utf-8")), encoding="utf-8")
