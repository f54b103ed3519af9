"""Who may import whom, read from the sources (DESIGN: "Layout", what never happens)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FASTPATH = ROOT / "fastpath"
DATAPLANE = ROOT / "dataplane"

# Modules of fastpath by layer. A module that is in none of them fails the test: say where it belongs.
GROUND = {
    "pages",
    "frame",
    "sample",
    "wire",
    "counters",
    "arena",
    "graph",
    "layout",
    "ip",
    "address",
    "ethernet",
    "bucket",
}  # what every node stands on
PACKETS = {
    "identification",
    "transport",
    "icmp",
    "mss",
    "fragment",
    "fragmentheader",
    "datagrams",
    "holes",
    "abandon",
    "reassembly",
}
TABLES = {
    "table",
    "fdb",
    "bridgerows",
    "routes",
    "dense",
    "hops",
    "routetrial",
    "neighbor",
    "waiting",
    "index",
    "rules",
    "admission",
    "resumption",
    "ruletable",
    "rulerows",
    "publish",
}
CONNTRACK = {"tuples", "portset", "addresses", "flowtable", "lists", "lifetimes", "pools", "mapping", "tcpstate", "crc",
             "translate", "quote", "opening", "flowrows", "natrows", "flows", "lookup", "timeouts",
             "trial"}  # fmt: skip
TABLES |= CONNTRACK
PORT_BASES = {
    "port",
    "device",
    "facts",
    "offload",
    "vnet",
    "packetsocket",
    "udpsocket",
    "udpmessages",
    "udpcontrol",
    "udparrived",
    "udppaths",
    "udpsender",
    "merge",
}  # what ports have in common
ROUTING = {
    "arp",
    "nd",
    "gateway",
    "interfaces",
    "resolve",
    "learn",
    "egress",
    "deliver",
    "forward",
    "ways",
    "track",
    "shortcut",
    "routebook",
    "routerrows",
    "routingtable",
    "endpoints",
    "claims",
    "igmp",
    "igmpquery",
    "igmpreport",
    "igmpsay",
    "nexthop",
    "owners",
}
TUNNELS = {"vxlan", "vxlantrial", "entropy", "tunnels", "tunnelend", "underlay", "encap", "decap", "flood", "toobig", "pathmtu",
           "pieces", "overlaybook", "vteprows"}  # fmt: skip
NODE_BASES = {"members"}  # what several nodes are made from
NODES = {"bridge", "macvlan", "ipvlan", "vlan", "router", "vtep", "codec", "memory", "tap", "packet", "udp", "pcap", "testing"}
CAPTURES = {"source", "sink", "linktype", "records", "pcapng", "capture", "writer"}  # files of frames, read and written
RUNNERS = {"engine", "clock", "epoll", "loop", "bareloop", "replay"}

# No files, sockets, processes, clocks or chance in these parts of dataplane.
PURE = ("model", "errors", "ipam", "plan", "interfaces", "macs", "gateways", "publish", "nat", "outside", "uplink", "uplinks",
        "underlay", "underlays", "parent", "parents", "overlays", "sandbox", "names", "portnames", "options", "wiring", "actions",
        "drawing", "drivers", "desired", "detach", "dns", "framing", "gotemplate", "spans", "mounts", "ulimits",
        "similar")  # fmt: skip
DAEMON_PURE = ("specs", "reconcile", "planner")  # of daemon: what follows from a state, and what differs
HOST_PURE = ("rules", "published", "script", "ledger", "foreign", "wishes")  # of hostnet: what is wanted, and its text
IO = {"os", "io", "pathlib", "socket", "subprocess", "shutil", "time", "datetime", "random", "secrets", "asyncio", "threading",
      "select", "signal", "fcntl", "ctypes", "tempfile", "logging", "pyroute2", "numpy", "fastpath"}  # fmt: skip


def python_imports(path: Path) -> set[str]:
    """Full names of the modules a Python file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def cython_imports(module: str) -> set[str]:
    """Modules that a module of fastpath imports or cimports, in its .pyx and its .pxd."""
    text = "\n".join(path.read_text() for path in (FASTPATH / f"{module}.pyx", FASTPATH / f"{module}.pxd") if path.exists())
    return set(re.findall(r"^\s*from\s+([\w.]+)\s+c?import\b", text, re.M)) | set(
        re.findall(r"^\s*c?import\s+([\w.]+)", text, re.M)
    )


def of_fastpath(module: str) -> set[str]:
    return {name.removeprefix("fastpath.") for name in cython_imports(module) if name.startswith("fastpath.")} - {module}


MODULES = sorted({path.stem for path in FASTPATH.glob("*.p[yx][xd]")} | {path.stem for path in FASTPATH.glob("*.pxd")})


def sources(part: str) -> list[Path]:
    path = DATAPLANE / part
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def test_every_module_of_fastpath_has_its_layer():
    layers = [GROUND, TABLES, PACKETS, ROUTING, TUNNELS, PORT_BASES, NODE_BASES, NODES, CAPTURES, RUNNERS]
    assert sum(map(len, layers)) == len(set().union(*layers))
    assert set(MODULES) <= set().union(*layers)


@pytest.mark.parametrize("module", MODULES)
def test_fastpath_knows_nothing_of_containers(module):
    assert not {name for name in cython_imports(module) if name.split(".")[0] == "dataplane"}


def test_fastpath_in_python_knows_nothing_of_containers():
    for path in FASTPATH.glob("*.py"):
        assert not {name for name in python_imports(path) if name.split(".")[0] == "dataplane"}


@pytest.mark.parametrize("module", [m for m in MODULES if m in GROUND])
def test_the_ground_stands_on_itself(module):
    assert of_fastpath(module) <= GROUND


@pytest.mark.parametrize("module", [m for m in MODULES if m in TABLES])
def test_a_table_imports_no_node(module):
    assert of_fastpath(module) <= GROUND | TABLES


@pytest.mark.parametrize("module", [m for m in MODULES if m in PACKETS])
def test_what_is_done_with_packets_knows_no_node(module):
    assert of_fastpath(module) <= GROUND | TABLES | PACKETS | {"offload"}


@pytest.mark.parametrize("module", [m for m in MODULES if m in ROUTING])
def test_routing_knows_no_node(module):
    """The router is the node; what it consists of is handed a Gateway."""
    assert of_fastpath(module) <= GROUND | TABLES | PACKETS | ROUTING | {"offload"}


@pytest.mark.parametrize("module", [m for m in MODULES if m in TUNNELS])
def test_tunnels_know_no_node(module):
    """The VTEP is the node; a tunnel knows its bridge as an edge."""
    assert of_fastpath(module) <= GROUND | TABLES | PACKETS | ROUTING | TUNNELS | {"offload"}


@pytest.mark.parametrize("module", [m for m in MODULES if m in CAPTURES])
def test_capture_files_know_no_node(module):
    assert of_fastpath(module) <= GROUND | CAPTURES


@pytest.mark.parametrize("module", [m for m in MODULES if m in PORT_BASES | NODE_BASES | NODES])
def test_a_node_imports_no_other_nodes_module(module):
    """They meet at Node; ports also share what all ports have."""
    assert not of_fastpath(module) & (NODES | RUNNERS)


@pytest.mark.parametrize("module", [m for m in MODULES if m in CAPTURES])
def test_captures_import_no_node(module):
    """The writer hangs on an engine's drops."""
    assert of_fastpath(module) <= GROUND | CAPTURES | {"port"} | ({"engine"} if module == "writer" else set())


@pytest.mark.parametrize("part", PURE)
def test_the_pure_parts_do_no_io(part):
    files = sources(part)
    assert files
    for path in files:
        assert not {name for name in python_imports(path) if name.split(".")[0] in IO}, path
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"open", "print", "input"}, path


@pytest.mark.parametrize("part", PURE)
def test_the_pure_parts_need_no_other(part):
    for path in sources(part):
        ours = {name.split(".")[1] for name in python_imports(path) if name.startswith("dataplane.")}
        assert ours <= set(PURE), path


def test_only_apply_imports_fastpath():
    for path in sorted(DATAPLANE.rglob("*.py")):
        if path.relative_to(DATAPLANE).parts[0] != "apply":
            assert not {name for name in python_imports(path) if name.split(".")[0] == "fastpath"}, path


def test_the_checks_can_fail(tmp_path):
    """A relative or late import is seen as well."""
    module = tmp_path / "m.py"
    module.write_text("def f():\n    import fastpath.bridge\n    from os import path\n")
    assert python_imports(module) == {"fastpath.bridge", "os", "os.path"}
    assert "graph" in of_fastpath("bridge")


@pytest.mark.parametrize("part", DAEMON_PURE)
def test_what_follows_from_a_state_is_decided_without_looking(part):
    """Reconcile is a pure function, which is how it can be a property."""
    names = python_imports(DATAPLANE / "daemon" / f"{part}.py")
    assert not {name.split(".")[0] for name in names} & IO
    ours = {".".join(name.split(".")[1:3]) for name in names if name.startswith("dataplane.")}
    assert {name for name in ours if name.startswith("daemon.")} <= {f"daemon.{one}" for one in DAEMON_PURE}
    assert {name.split(".")[0] for name in ours} <= {*PURE, "daemon"}


@pytest.mark.parametrize("part", HOST_PURE)
def test_what_the_host_shall_do_is_decided_without_looking(part):
    names = python_imports(DATAPLANE / "hostnet" / f"{part}.py")
    assert not {name.split(".")[0] for name in names} & IO


API_PURE = ("asked", "asked_network", "asked_container", "network_wish", "container_wish", "endpoint_wish", "ports_wish", "filters",
            "image", "versions", "shown_network", "shown_endpoint", "shown_ports", "shown_container", "left_aside")  # fmt: skip


@pytest.mark.parametrize("part", API_PURE)
def test_requests_are_read_and_objects_shown_without_io(part):
    names = python_imports(DATAPLANE / "api" / f"{part}.py")
    assert not {name.split(".")[0] for name in names} & IO


def test_the_api_knows_a_daemon_by_its_face_alone():
    names = "api|carried|desired|daemon\\.face|detach|framing|looking|spans|model|mounts|ulimits|errors|live\\.hijack"
    allowed = re.compile(rf"dataplane\.({names})\b")
    for path in sorted((DATAPLANE / "api").glob("*.py")):
        ours = {name for name in python_imports(path) if name.startswith("dataplane.")}
        assert all(allowed.match(name) for name in ours), path
