"""Hypothesis strategies that follow the tables of keys, so that what they make is mostly well formed."""

import string

from hypothesis import strategies as st

from dataplane.compose.keys import Key, Table, Use
from dataplane.compose.keys_file import FILE
from dataplane.compose.shapes import ListOf, MapOf, OneOf, Plain, Shape

NAMES = st.sampled_from(["web", "db", "web-1", "front", "back", "default", "a.b", "uplink"])
PLAUSIBLE = {
    "address": ["192.0.2.2/24", "fd01::2/64", "10.0.0.2"],
    "addresses": ["192.0.2.5"],
    "aux_addresses": ["10.0.0.9", "fd00::9"],
    "build": ["."],
    "condition": ["any", "none", "on-failure", "service_started", "service_healthy", "service_completed_successfully"],
    "container_name": ["web", "box"],
    "devices": ["/dev/null", "/dev/zero:/dev/full:rw", "vendor.com/gpu=0", "dev"],
    "dns": ["10.0.0.53", "fd00::53"],
    "driver": ["bridge", "default", "host", "none", "overlay"],
    "endpoints": ["10.0.0.7", "fd00::7"],
    "env_file": ["/dev/null", ".env"],
    "expose": ["80", "8000-8010/udp", 80],
    "extends": ["web", "db"],
    "extra_hosts": ["h=10.0.0.9", "h:[::1]", "h=host-gateway", "10.0.0.9"],
    "format": ["raw"],
    "gateway": ["10.0.0.1", "fd00::1"],
    "gw_priority": [0, 5],
    "image": ["host", "nginx", "${A}"],
    "interface_name": ["eth0", "lan"],
    "ip_range": ["10.0.0.128/25", "fd00::/80"],
    "ipv4_address": ["10.0.0.5", "10.0.0.1", "10.0.0.255"],
    "ipv6_address": ["fd00::5", "fd00::"],
    "label_file": ["/dev/null"],
    "mac_address": ["02:42:0a:00:00:05", "02-42-0A-00-00-06"],
    "name": ["lab", "${A}"],
    "network_mode": ["none", "host", "service:web", "service:db", "netns:/run/netns/x", "container:box"],
    "exclude": ["10.9.0.0/16"],
    "gateway_mac": ["02:00:00:00:00:01"],
    "host_ip": ["127.0.0.1", "::1"],
    "mac": ["02:00:00:00:00:02"],
    "neighbors": ["02:00:00:00:00:03"],
    "netns": ["/run/netns/x"],
    "mtu": [1500, 9000],
    "peers": ["192.0.2.3", "fd01::3", "10.0.0.3"],
    "port": [4789, 8472],
    "ports": ["8080:80", "127.0.0.1:53:53/udp", "8000-8010:80", "80-81:80-81", "[::1]:9:9/sctp", 80],
    "published": ["8080", "9000-9010", 53],
    "path": ["/dev/null", ".env"],
    "restart": ["no", "always", "on-failure:3", "unless-stopped"],
    "scale": [0, 1, 2, "${N:-3}"],
    "replicas": [0, 1, 2],
    "service": ["web", "db"],
    "stop_signal": ["SIGINT", "9", "hup"],
    "subnet": ["10.0.0.0/24", "fd00::/64"],
    "sysctls": ["net.ipv4.ip_forward=1", "kernel.x=1", "net.ipv6.conf.eth0/1.forwarding=1"],
    "test": ["CMD", "CMD-SHELL", "NONE", "true"],
    "target": ["/srv", "/proc"],
    "tmpfs": ["/run", "/mnt:size=64m,mode=1777", "/x:pink"],
    "user": ["0", "1000:1000", "nobody"],
    "volumes": ["./a:/b", "~/c:/d:ro", "/e:/f:z", "data:/g", "/h", "/e:f"],
    "working_dir": ["/", "/tmp"],
}
WORDS = [
    "x",
    "web",
    "db",
    "front",
    "10s",
    "1m30s",
    "64k",
    "A",
    "A=1",
    "A=$A",
    "b=c=d",
    "web:w",
    "net.ipv4.ip_forward",
    "${U:-${A}}",
    "$$",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["${A", "${A:?no}", "\x00", "\ud800", "x" * 300, "-1", "\n", "A=\nB"]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(string.ascii_lowercase, max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)


def scalar(shape: Plain, key: str) -> st.SearchStrategy[object]:
    if " | " in shape.phrase:
        return st.sampled_from(shape.phrase.split(" | "))
    choices: list[st.SearchStrategy[object]] = []
    if key in PLAUSIBLE:
        choices.append(st.sampled_from(PLAUSIBLE[key]))
    elif "duration" in shape.phrase:
        choices.append(st.sampled_from(["10s", "1m30s", "5ms", "0", "10us"]))
    elif bool in shape.types:
        choices.append(st.sampled_from([True, False, "true", "off"]))
    elif int in shape.types:
        choices.append(st.one_of(st.integers(0, 5), st.sampled_from(["3", "1.5", 64])))
    elif type(None) in shape.types:
        choices.append(st.none())
    else:
        choices.append(st.sampled_from(WORDS))
    return st.one_of(*choices)


MADE: dict[tuple[int, str], st.SearchStrategy[object]] = {}


def of(shape: Shape, key: str = "") -> st.SearchStrategy[object]:
    """Values of ``shape``; of scalars under ``key`` those that make sense there. Made once, for that takes longer than drawing."""
    if (id(shape), key) not in MADE:
        MADE[id(shape), key] = made(shape, key)
    return MADE[id(shape), key]


def made(shape: Shape, key: str) -> st.SearchStrategy[object]:
    match shape:
        case Plain():
            return scalar(shape, key)
        case OneOf():
            return st.one_of(*(of(one, key) for one in shape.shapes))
        case ListOf():
            return st.lists(of(shape.item, key), max_size=2)
        case MapOf():
            return st.dictionaries(NAMES, of(shape.value, key), max_size=3)
        case Table():
            return table(shape)
    return ANYTHING


def table(shape: Table) -> st.SearchStrategy[dict[str, object]]:
    usable = {name: key for name, key in shape.keys.items() if key.use is not Use.LATER}

    def some(names: list[str]) -> st.SearchStrategy[dict[str, object]]:
        return st.fixed_dictionaries({name: of(usable[name].shape, name) for name in {*names, *shape.required}})

    if not usable:
        return st.just({})
    used = [name for name, key in usable.items() if key.use is Use.USED]
    return st.lists(st.sampled_from(sorted(used) or sorted(usable)) | st.sampled_from(sorted(usable)), max_size=5).flatmap(some)


def file() -> st.SearchStrategy[dict[str, object]]:
    """A whole file. Its services all join the same few networks and depend on each other."""

    def key(name: str) -> Key:
        return FILE.keys[name]

    services = st.dictionaries(NAMES, of(key("services").shape.value), min_size=1, max_size=3)
    networks = st.dictionaries(st.sampled_from(["front", "back", "default", "a.b"]), of(key("networks").shape.value), max_size=3)
    plain = st.sampled_from([{}, {"name": "lab"}, {"volumes": {"v": None}}, {"x-mine": 1}])
    rest = st.one_of(plain, st.fixed_dictionaries({"x-dataplane": of(key("x-dataplane").shape)}))
    return st.tuples(services, networks, rest).map(lambda parts: {"services": parts[0], "networks": parts[1], **parts[2]})


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A file with one value, anywhere in it, replaced by anything."""
    tree = draw(file())
    at: object = tree
    for _ in range(draw(st.integers(1, 6))):
        if isinstance(at, dict) and at:
            index: object = draw(st.sampled_from(sorted(at)))
        elif isinstance(at, list) and at:
            index = draw(st.integers(0, len(at) - 1))
        else:
            break
        inner = at[index]
        if not isinstance(inner, dict | list) or not inner or draw(st.integers(0, 3)) == 0:
            at[index] = draw(ANYTHING)
            break
        at = inner
    return tree
