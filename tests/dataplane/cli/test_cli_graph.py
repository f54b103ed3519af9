TEXT = """\
bridge front  ageing 300 s, fdb_limit 65536
├── web.front  eth0  10.20.0.2/24  02:42:0a:14:00:02  mtu 1500
└── db.front   eth0  10.20.0.3/24  02:42:0a:14:00:03  mtu 1500
bridge back  ageing 300 s, fdb_limit 65536
└── db.back    eth1  10.21.0.2/24  02:42:0a:15:00:02  mtu 1500
"""


def test_a_file_is_drawn_without_a_lab(inside, shop):
    for words in (["graph"], ["graph", "compose.yaml"], ["graph", "-f", "compose.yaml"], ["graph", "."]):
        said = inside(*words, cwd=shop)
        assert (said.stdout, said.stderr, said.returncode) == (TEXT, "", 0)


def test_mermaid_and_dot(inside, shop):
    mermaid = inside("graph", "--format", "mermaid", cwd=shop).stdout
    assert mermaid.startswith("graph LR\n")
    assert mermaid.count(" --- ") == 3
    dot = inside("graph", "--format=dot", cwd=shop).stdout
    assert dot.startswith("graph wiring {\n")
    assert dot.count(" -- ") == 3
