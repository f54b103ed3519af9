"""Services of a file, key by key."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from dataplane.compose import load
from dataplane.model import Healthcheck, Restart, Service


def service(keys: str, name: str = "web", **more) -> Service:
    environment = more.pop("environment", {})
    networks = "networks: {front: {ipam: {config: [{subnet: 10.0.0.0/24}, {subnet: 'fd00::/64'}]}, enable_ipv6: true}, back: }\n"
    return load(
        f"services: {{web: {{image: host, {keys}}}, db: {{image: host}}}}\n{networks}", environment=environment, **more
    ).services[name]


def test_the_barest_service_joins_default_and_is_idle():
    web = service("")
    assert [one.network for one in web.attachments] == ["default"]
    assert web.process.command == ()
    assert (web.replicas, web.scaled, web.network_mode, web.restart) == (1, False, "", Restart())


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ("command: sleep 10", ("sleep", "10")),
        ("command: 'sh -c \"echo a b\" # x'", ("sh", "-c", "echo a b", "#", "x")),
        ("command: [sleep, '10']", ("sleep", "10")),
        ("entrypoint: [sh, -c], command: echo", ("sh", "-c", "echo")),
        ("entrypoint: nice -n 5, command: [sleep, '1']", ("nice", "-n", "5", "sleep", "1")),
        ("command: null", ()),
        ("command: ''", ()),
        ("command: []", ()),
        ("command: [echo, '$$HOME']", ("echo", "$HOME")),
    ],
)
def test_command(keys, command):
    assert service(keys).process.command == command


@pytest.mark.parametrize(
    ("written", "variables"),
    [
        ("{A: 1, B: true, C: 1.50, D: x, E: '', F: 1e6}", {"A": "1", "B": "true", "C": "1.5", "D": "x", "E": "", "F": "1e+06"}),
        ("[A=1, B, C=, D=a=b]", {"A": "1", "B": "outer", "C": "", "D": "a=b"}),
        ("{B: null, NOT_SET: }", {"B": "outer"}),
        ("[NOT_SET]", {}),
        ("{A: '${B}', C: '${NO:-d}'}", {"A": "outer", "C": "d"}),
    ],
)
def test_environment(written, variables):
    assert service(f"environment: {written}", environment={"B": "outer"}).process.environment == variables


def test_env_file_forms(tmp_path):
    (tmp_path / "a.env").write_text("A=a\nB=a\n")
    (tmp_path / "b.env").write_text("B=$A-b\nC='$x'\n")
    (tmp_path / "raw.env").write_text("C='$x'\n")
    file = tmp_path / "compose.yaml"

    def variables(env_file: str, rest: str = "") -> dict[str, str]:
        file.write_text(f"services: {{web: {{image: host, env_file: {env_file}{rest}}}}}\n")
        return dict(load(file, environment={"OUT": "1"}).services["web"].process.environment)

    assert variables("a.env") == {"A": "a", "B": "a"}
    assert variables("[a.env, b.env]") == {"A": "a", "B": "a-b", "C": "$x"}
    assert variables("[{path: a.env}, {path: no.env, required: false}]") == {"A": "a", "B": "a"}
    assert variables("[{path: raw.env, format: raw}]") == {"C": "'$x'"}
    assert variables("a.env", ", environment: {B: own, OUT: }") == {"A": "a", "B": "own", "OUT": "1"}


def test_labels_and_label_file(tmp_path):
    (tmp_path / "l").write_text("a=1\nb=2\n")
    file = tmp_path / "compose.yaml"
    file.write_text("services: {web: {image: host, label_file: l, labels: [b=3, c]}}\n")
    assert load(file, environment={}).services["web"].labels == {"a": "1", "b": "3", "c": ""}


@pytest.mark.parametrize(
    ("keys", "runs"),
    [
        ("image: host", True),
        ("command: x", True),
        ("image: nginx", False),
        ("build: .", False),
        ("image: host, build: .", False),
        ("image: nginx, x-dataplane: {run: true}", True),
        ("build: {context: .}, x-dataplane: {run: 'true'}", True),
        ("image: nginx, x-dataplane: {run: false}", False),
        ("provider: {type: x}", False),
    ],
)
def test_whose_command_runs(keys, runs):
    topology = load(f"services: {{web: {{{keys}}}}}\n", environment={})
    assert topology.services["web"].process.run is runs
    assert any("idle namespaces" in warning and "web" in warning for warning in topology.warnings) is not runs
    assert load(f"services: {{web: {{{keys}}}}}\n", environment={}, run_commands=True).services["web"].process.run


def test_process_keys():
    process = service(
        "user: '1000:1000', working_dir: /tmp, init: true, tty: true, stdin_open: 'yes', stop_signal: int, stop_grace_period: 1m"
    ).process
    assert (process.user, process.working_dir, process.init, process.tty, process.stdin_open) == (
        "1000:1000",
        "/tmp",
        True,
        True,
        True,
    )
    assert (process.stop_signal, process.stop_grace_period_ns) == ("SIGINT", 60_000_000_000)


@pytest.mark.parametrize(
    ("written", "check"),
    [
        ("{test: 'curl x'}", Healthcheck(test=("CMD-SHELL", "curl x"))),
        ("{test: [CMD, curl, x]}", Healthcheck(test=("CMD", "curl", "x"))),
        ("{test: [CMD-SHELL, curl x]}", Healthcheck(test=("CMD-SHELL", "curl x"))),
        ("{test: [NONE]}", None),
        ("{test: []}", None),
        ("{disable: true}", None),
        ("{test: x, disable: true}", None),
        ("{interval: 1s}", None),
        (
            "{test: x, interval: 1s, timeout: 2s, retries: 5, start_period: 1m, start_interval: 500ms}",
            Healthcheck(
                test=("CMD-SHELL", "x"),
                interval_ns=10**9,
                timeout_ns=2 * 10**9,
                retries=5,
                start_period_ns=60 * 10**9,
                start_interval_ns=5 * 10**8,
            ),
        ),
        ("{test: x, interval: 0s, retries: 0}", Healthcheck(test=("CMD-SHELL", "x"))),
    ],
)
def test_healthcheck(written, check):
    assert service(f"healthcheck: {written}").healthcheck == check


@pytest.mark.parametrize(
    ("keys", "restart"),
    [
        ("restart: no", Restart()),
        ("restart: 'no'", Restart()),
        ("restart: always", Restart(policy="always")),
        ("restart: on-failure", Restart(policy="on-failure")),
        ("restart: 'on-failure:3'", Restart(policy="on-failure", max_retries=3)),
        ("restart: unless-stopped", Restart(policy="unless-stopped")),
        ("deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}", Restart(policy="on-failure", max_retries=2)),
        ("deploy: {restart_policy: {condition: none}}, restart: always", Restart()),
        ("deploy: {restart_policy: {}}", Restart(policy="always")),
        ("deploy: {restart_policy: {max_attempts: 2}}", Restart(policy="always")),
    ],
)
def test_restart(keys, restart):
    assert service(keys).restart == restart


@pytest.mark.parametrize(
    ("keys", "count", "scaled"),
    [
        ("scale: 3", 3, True),
        ("scale: 1", 1, True),
        ("scale: '2'", 2, True),
        ("scale: 0", 0, True),
        ("deploy: {replicas: 4}", 4, True),
        ("scale: 2, deploy: {replicas: 2}", 2, True),
        ("deploy: {mode: global}", 1, False),
        ("deploy: null", 1, False),
    ],
)
def test_replicas(keys, count, scaled):
    web = service(keys)
    assert (web.replicas, web.scaled) == (count, scaled)


def test_attachments_in_the_files_order():
    web = service("networks: {back: , front: {ipv4_address: 10.0.0.9, ipv6_address: 'fd00::9', aliases: [w], gw_priority: 7}}")
    back, front = web.attachments
    assert (back.network, front.network) == ("back", "front")
    assert (front.ipv4_address, front.ipv6_address) == (IPv4Address("10.0.0.9"), IPv6Address("fd00::9"))
    assert (front.aliases, front.gw_priority) == (("w",), 7)


def test_attachment_keys():
    (one,) = service("networks: {front: {interface_name: lan0, mac_address: 02-42-0A-00-00-05, driver_opts: {a: 1}}}").attachments
    assert (one.interface_name, one.mac_address, one.driver_opts) == ("lan0", "02:42:0a:00:00:05", {"a": "1"})


def test_networks_as_a_list_without_doubles():
    assert [one.network for one in service("networks: [back, front, back]").attachments] == ["back", "front"]


@pytest.mark.parametrize("keys", ["networks: []", "networks: {}", "networks: null", ""])
def test_no_networks_means_default(keys):
    assert [one.network for one in service(keys).attachments] == ["default"]


def test_the_services_own_mac_is_the_first_interfaces():
    web = service("mac_address: '02:00:00:00:00:01', networks: [back, front]")
    assert [one.mac_address for one in web.attachments] == ["02:00:00:00:00:01", None]


def test_the_container_name_is_one_more_name():
    web = service("container_name: box, networks: {front: {aliases: [w]}, back: }")
    assert [one.aliases for one in web.attachments] == [("box", "w"), ("box",)]


@pytest.mark.parametrize(
    ("keys", "mode", "networks"),
    [
        ("network_mode: none", "none", []),
        ("network_mode: host", "host", []),
        ("network_mode: 'service:db'", "service:db", []),
        ("network_mode: 'netns:/run/netns/red'", "netns:/run/netns/red", []),
        ("network_mode: 'netns:/run/netns/red', networks: [front]", "netns:/run/netns/red", ["front"]),
        ("network_mode: 'container:lab-db-1'", "service:db", []),
        ("network_mode: none, networks: []", "none", []),
        ("provider: {type: x}", "none", []),
    ],
)
def test_network_mode(keys, mode, networks):
    web = service(keys)
    assert (web.network_mode, [one.network for one in web.attachments]) == (mode, networks)


def test_a_shared_namespace_is_waited_for():
    assert [one.service for one in service("network_mode: 'service:db'").depends_on] == ["db"]


@pytest.mark.parametrize("driver", ["host", "none"])
def test_a_network_of_the_host_or_none_driver_is_a_network_mode(driver):
    topology = load(f"services: {{web: {{image: host, networks: [n]}}}}\nnetworks: {{n: {{driver: {driver}}}}}\n", environment={})
    assert (topology.services["web"].network_mode, topology.services["web"].attachments) == (driver, ())
    assert "n" not in topology.networks


def test_links_are_names_and_an_order():
    web = service("links: ['db:store', db]")
    assert web.links == (("db", "store"), ("db", "db"))
    assert [(one.service, one.restart) for one in web.depends_on] == [("db", True)]


@pytest.mark.parametrize(
    "written",
    [
        "['h=10.0.0.9', 'i:fd00::1', 'j=[::1]']",
        "{h: 10.0.0.9, i: 'fd00::1', j: ['[::1]']}",
        "['h=10.0.0.9', 'i=fd00::1', 'j=::1']",
    ],
)
def test_extra_hosts(written):
    assert service(f"extra_hosts: {written}").extra_hosts == (("h", "10.0.0.9"), ("i", "fd00::1"), ("j", "::1"))


def test_the_host_by_its_gateway_is_left_to_the_plan():
    assert service("extra_hosts: ['host.docker.internal:host-gateway']").extra_hosts == (("host.docker.internal", "host-gateway"),)


def test_several_addresses_of_one_host():
    assert service("extra_hosts: ['h=10.0.0.1,10.0.0.2']").extra_hosts == (("h", "10.0.0.1"), ("h", "10.0.0.2"))


def test_names_and_resolver():
    web = service("hostname: w.example, dns: 10.0.0.53, dns_search: [a, b], dns_opt: [ndots:1], expose: [80, 90-91/udp]")
    assert (web.hostname, web.dns, web.dns_search, web.dns_opt) == ("w.example", ("10.0.0.53",), ("a", "b"), ("ndots:1",))
    assert web.expose == ("80/tcp", "90-91/udp")


def test_a_name_server_that_is_not_set_is_left_out():
    assert service("dns: $NOT_SET").dns == ()
    assert service("dns: [10.0.0.53, $NOT_SET]").dns == ("10.0.0.53",)


def test_only_settings_of_the_own_namespace_are_made():
    topology = load("services: {web: {image: host, sysctls: [net.core.somaxconn=9, kernel.shmmax=1]}}\n", environment={})
    assert topology.services["web"].sysctls == {"net.core.somaxconn": "9"}
    assert topology.warnings == ("these keys change nothing here: sysctls.kernel.shmmax (web)",)
