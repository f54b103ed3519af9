"""``extends`` and Compose's merge rules."""

import pytest

from dataplane.compose import load
from dataplane.compose.merge import merged
from dataplane.compose.yaml_nodes import read
from dataplane.errors import UserError

from .test_yaml_nodes import bare


def lab(text, **more):
    return load(text, environment=more.pop("environment", {}), **more)


def service(text, name="web"):
    return lab(text).services[name]


BASE = """
services:
  base:
    image: host
    command: [sleep, "1"]
    environment: {A: "1", B: "2"}
    dns: 10.0.0.1
    labels: [x=1, y=2]
    networks: [one]
    expose: [80]
    extra_hosts: {h: 10.0.0.9}
    sysctls: {net.ipv4.ip_forward: 1}
    healthcheck: {test: "true", interval: 10s}
  dep: {image: host}
  web:
    extends: base
    command: [sleep, "2"]
    environment: [B=3, C=4]
    dns: [10.0.0.2]
    labels: {y: 3}
    networks: {two: {aliases: [w]}, one: }
    expose: [80, 81]
    depends_on: [dep]
    extra_hosts: ["h=10.0.0.9", "i=10.0.0.8"]
    healthcheck: {retries: 5}
networks: {one: , two: }
"""


def test_merge_rules():
    web = service(BASE)
    assert web.process.command == ("sleep", "2")
    assert web.process.environment == {"A": "1", "B": "3", "C": "4"}
    assert web.dns == ("10.0.0.1", "10.0.0.2")
    assert web.labels == {"x": "1", "y": "3"}
    assert [(one.network, one.aliases) for one in web.attachments] == [("one", ()), ("two", ("w",))]
    assert web.expose == ("80/tcp", "81/tcp")
    assert web.extra_hosts == (("h", "10.0.0.9"), ("i", "10.0.0.8"))
    assert web.sysctls == {"net.ipv4.ip_forward": "1"}
    assert web.healthcheck is not None
    assert (web.healthcheck.test, web.healthcheck.interval_ns, web.healthcheck.retries) == (
        ("CMD-SHELL", "true"),
        10_000_000_000,
        5,
    )
    assert [one.service for one in web.depends_on] == ["dep"]


def test_the_extended_service_stays_as_it_is():
    base = service(BASE, "base")
    assert base.process.command == ("sleep", "1")
    assert base.process.environment == {"A": "1", "B": "2"}


def test_a_chain_in_any_order():
    text = "services: {a: {extends: b, hostname: a}, b: {extends: {service: c}, image: host}, c: {environment: {X: 1}}}\n"
    assert service(text, "a").process.environment == {"X": "1"}


def test_reset_and_override():
    text = """
services:
  base: {image: host, environment: {A: 1, B: 2}, dns: [10.0.0.1], labels: {x: 1}}
  web:
    extends: base
    environment: {A: !reset null}
    dns: !override [10.0.0.2]
    labels: !reset []
"""
    web = service(text)
    assert web.process.environment == {"B": "2"}
    assert web.dns == ("10.0.0.2",)
    assert web.labels == {}


def test_reset_without_extends_removes_the_key():
    assert service("services:\n  web: {image: host, dns: !reset [10.0.0.1]}\n").dns == ()


def test_another_file(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/web.env").write_text("FROM=parts\n")
    (tmp_path / "parts/common.yaml").write_text("services:\n  base: {image: host, env_file: web.env, hostname: '$NAME'}\n")
    main = tmp_path / "compose.yaml"
    main.write_text("services:\n  web: {extends: {file: parts/common.yaml, service: base}}\n")
    (tmp_path / ".env").write_text("NAME=frank\n")
    web = load(main, environment={}).services["web"]
    assert web.process.environment == {"FROM": "parts"}
    assert web.hostname == "frank"


def test_an_error_in_another_file_is_reported_there(tmp_path):
    (tmp_path / "common.yaml").write_text("services:\n  base:\n    image: host\n    networks: [nope]\n")
    main = tmp_path / "compose.yaml"
    main.write_text("services:\n  web: {extends: {file: common.yaml, service: base}}\n")
    with pytest.raises(UserError) as caught:
        load(main, environment={})
    assert caught.value.where == f"{tmp_path}/common.yaml:4: services.web.networks[0]"


def test_files_that_extend_each_other_in_a_circle(tmp_path):
    (tmp_path / "a.yaml").write_text("services:\n  a: {extends: {file: b.yaml, service: b}}\n")
    (tmp_path / "b.yaml").write_text("services:\n  b: {extends: {file: a.yaml, service: a}}\n")
    with pytest.raises(UserError, match="in a circle: a -> b -> a"):
        load(tmp_path / "a.yaml", environment={})


@pytest.mark.parametrize(
    ("key", "below", "above", "result"),
    [
        ("logging", "{driver: a, options: {x: 1}}", "{driver: b}", {"driver": "b"}),
        ("logging", "{driver: a, options: {x: 1}}", "{options: {y: 2}}", {"driver": "a", "options": {"x": 1, "y": 2}}),
        ("ulimits", "{nofile: 5}", "{nofile: {soft: 1, hard: 2}}", {"nofile": {"soft": 1, "hard": 2}}),
        ("build", ".", "{target: x}", {"context": ".", "target": "x"}),
        ("volumes", "[a:/b]", "[a:/b, c:/d]", ["a:/b", "c:/d"]),
        ("devices", "[{source: x}]", "[{source: x}, {source: y}]", [{"source": "x"}, {"source": "y"}]),
        ("tmpfs", "/a", "[/b]", ["/a", "/b"]),
        ("tty", "true", "null", True),
        ("networks", "[one]", "[two]", {"one": None, "two": None}),
        ("depends_on", "[x]", "{x: {condition: service_healthy}}", {"x": {"condition": "service_healthy"}}),
        ("extra_hosts", "{h: [1.1.1.1, 1.1.1.2]}", "[h=1.1.1.1]", ["h=1.1.1.1", "h=1.1.1.2"]),
        ("annotations", "[a=1, b]", "{a: 2}", {"a": 2, "b": None}),
    ],
)
def test_merge_rule_of(key, below, above, result):
    root = read(f"below: {{{key}: {below}}}\nabove: {{{key}: {above}}}\n", "f", "/")
    assert bare(merged(root.value["below"], root.value["above"], "services.web"))[key] == result


@pytest.mark.parametrize(
    ("services", "what"),
    [
        ("a: {extends: a}", "services extend each other in a circle: a -> a"),
        ("a: {extends: b}, b: {extends: c}, c: {extends: b}", "services extend each other in a circle: b -> c -> b"),
        ("a: {extends: z}", 'there is no service "z" in <text> to extend'),
        ("a: {extends: {file: x}}", '"service" is missing'),
        ("a: {extends: {service: b, flie: x}}", 'the key "flie" is unknown'),
        ("a: {extends: [b]}", "a list stands where a text belongs"),
        (
            "a: {extends: b, networks: [x]}, b: {networks: [5]}",
            "a mapping cannot be merged over a list of the extended service (<text>:1)",
        ),
        (
            "a: {extends: b, environment: {c: 1}}, b: {environment: x}",
            "a mapping cannot be merged over a text of the extended service (<text>:1)",
        ),
    ],
)
def test_refused(services, what):
    with pytest.raises(UserError) as caught:
        lab(f"services: {{{services}}}\n")
    assert caught.value.what == what


def test_a_long_chain_is_refused():
    links = ", ".join(f"s{i}: {{extends: s{i + 1}}}" for i in range(5000))
    with pytest.raises(UserError, match="more than 32 services extend one another"):
        lab(f"services: {{{links}, s5000: {{image: host}}}}\n")


def test_growth_by_extends_is_bounded():
    variables = ", ".join(f"k{i}: 1" for i in range(5000))
    copies = "".join(f"  c{i}: {{extends: base, environment: {{x: 1}}}}\n" for i in range(1000))
    with pytest.raises(UserError, match="comes to more than 200,000 values"):
        lab(f"services:\n  base: {{environment: {{{variables}}}}}\n{copies}")
