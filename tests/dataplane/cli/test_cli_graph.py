TEXT = """\
bridge front  ageing 300 s, fdb_limit 65536
├── web.front  eth0  10.20.0.2/24     02:42:0a:14:00:02  mtu 1500
├── db.front   eth0  10.20.0.3/24     02:42:0a:14:00:03  mtu 1500
└── router           10.20.0.1/24     02:42:0a:14:00:01  mtu 1500, mode4 nat, masquerade4 172.31.255.2
bridge back  ageing 300 s, fdb_limit 65536
├── db.back    eth1  10.21.0.2/24     02:42:0a:15:00:02  mtu 1500
└── router           10.21.0.1/24     02:42:0a:15:00:01  mtu 1500, mode4 nat, masquerade4 172.31.255.2
router  flows 65536, neighbors 4096, mapping endpoint-independent, filtering address-and-port-dependent, icmp_rate 100
└── route 0.0.0.0/0  gateway 172.31.255.1
port uplink  interface dp-shop, mac 02:42:ac:1f:ff:01, ipv4 172.31.255.1/30, kind tap, mtu 1500
└── router           172.31.255.2/30  02:42:ac:1f:ff:02  mtu 1500, host4 172.31.255.1
"""


def test_a_file_is_drawn_without_a_lab(inside, shop):
    for words in (["graph"], ["graph", "compose.yaml"], ["graph", "-f", "compose.yaml"], ["graph", "."]):
        said = inside(*words, cwd=shop)
        assert (said.stdout, said.stderr, said.returncode) == (TEXT, "", 0)


def test_mermaid_and_dot(inside, shop):
    mermaid = inside("graph", "--format", "mermaid", cwd=shop).stdout
    assert mermaid.startswith("graph LR\n")
    assert mermaid.count(" ---") == 6
    dot = inside("graph", "--format=dot", cwd=shop).stdout
    assert dot.startswith("graph wiring {\n")
    assert dot.count(" -- ") == 6
