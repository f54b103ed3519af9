"""The file as a whole: names, networks, profiles, order, warnings."""

from ipaddress import ip_address, ip_network

import pytest

from dataplane.compose import load
from dataplane.errors import UserError


def lab(text: str, **more):
    return load(text, text=True, environment=more.pop("environment", {}), **more)


def test_the_implicit_default_network_is_made_when_it_is_used():
    assert list(lab("services: {web: {image: host}}").networks) == ["default"]
    assert list(lab("services: {web: {image: host, networks: [n]}}\nnetworks: {n: }").networks) == ["n"]
    assert list(lab("services: {web: {image: host, network_mode: none}}").networks) == []


def test_the_default_network_can_be_described():
    network = lab("services: {web: {image: host}}\nnetworks: {default: {name: mine, labels: [a=1]}}").networks["default"]
    assert (network.name, network.labels) == ("mine", {"a": "1"})


def test_network_keys():
    text = """
services: {web: {image: host, networks: [n]}}
networks:
  n:
    driver_opts: {com.docker.network.driver.mtu: 1400}
    internal: "true"
    attachable: yes
    enable_ipv6: true
    ipam:
      driver: default
      config:
        - {subnet: 10.0.0.0/24, ip_range: 10.0.0.128/25, gateway: 10.0.0.254, aux_addresses: {printer: 10.0.0.3}}
        - subnet: fd00::/64
"""
    network = lab(text).networks["n"]
    assert (network.name, network.driver, network.internal, network.attachable) == ("lab_n", "bridge", True, True)
    assert (network.enable_ipv4, network.enable_ipv6) == (True, True)
    assert network.options == {"com.docker.network.driver.mtu": "1400"}
    four, six = network.pools
    assert (four.subnet, four.ip_range, four.gateway) == (
        ip_network("10.0.0.0/24"),
        ip_network("10.0.0.128/25"),
        ip_address("10.0.0.254"),
    )
    assert four.aux_addresses == {"printer": ip_address("10.0.0.3")}
    assert (six.subnet, six.gateway) == (ip_network("fd00::/64"), None)


PROFILES = """
services:
  foo: {image: host}
  bar: {image: host, profiles: [test]}
  baz: {image: host, profiles: [test, debug], depends_on: {bar: {condition: service_started, required: false}}}
"""


@pytest.mark.parametrize(
    ("profiles", "environment", "services"),
    [
        ((), {}, ["foo"]),
        (("test",), {}, ["foo", "bar", "baz"]),
        (("debug",), {}, ["foo", "baz"]),
        (("*",), {}, ["foo", "bar", "baz"]),
        ((), {"COMPOSE_PROFILES": "x,test"}, ["foo", "bar", "baz"]),
        (("debug",), {"COMPOSE_PROFILES": "test"}, ["foo", "baz"]),
    ],
)
def test_profiles(profiles, environment, services):
    assert list(lab(PROFILES, profiles=profiles, environment=environment).services) == services


def test_a_dependency_that_is_left_out_and_not_required_is_dropped():
    assert lab(PROFILES, profiles=("debug",)).services["baz"].depends_on == ()


def test_a_service_that_is_left_out_is_not_held_against_the_file():
    assert list(lab("services: {web: {image: host}, old: {image: x, profiles: [p], ports: ['80:80'], cap_add: [X]}}").services) == [
        "web"
    ]


def test_conditions_of_services_that_never_run_come_true_when_they_are_there():
    db = "db: {image: postgres, healthcheck: {test: x}}"
    text = f"services: {{web: {{image: host, depends_on: {{db: {{condition: service_healthy}}}}}}, {db}}}"
    (dependency,) = lab(text).services["web"].depends_on
    assert dependency.condition == "service_started"


def test_depends_on_long():
    text = """
services:
  web:
    image: host
    depends_on:
      db: {condition: service_healthy, restart: true}
      job: {condition: service_completed_successfully, required: false}
  db: {image: host, healthcheck: {test: x}}
  job: {image: host, command: "true"}
"""
    db, job = lab(text).services["web"].depends_on
    assert (db.service, db.condition, db.restart, db.required) == ("db", "service_healthy", True, True)
    assert (job.service, job.condition, job.restart, job.required) == ("job", "service_completed_successfully", False, False)


def test_a_circle_through_4000_services_is_named_without_recursion():
    services = ", ".join(f"s{i}: {{image: host, network_mode: none, depends_on: [s{(i + 1) % 4000}]}}" for i in range(4000))
    with pytest.raises(UserError, match="s0 -> s1 -> s2"):
        lab(f"services: {{{services}}}")


def test_warnings_name_every_key_once():
    text = """
version: "3.8"
services:
  web: {image: nginx, cap_add: [NET_ADMIN], logging: {driver: none}, hostname: "$NOT_SET$NOT_SET", deploy: {labels: [a=1]}}
  db: {image: host, cap_add: [NET_ADMIN], networks: {n: {priority: 5}}}
networks: {n: {ipam: {options: {a: b}}}}
volumes: {v: }
"""
    with pytest.raises(UserError, match='"" cannot be a host name'):
        lab(text)
    assert lab(text.replace('hostname: "$NOT_SET$NOT_SET"', "labels: {a: $NOT_SET$NOT_SET$OTHER}")).warnings == (
        "not set, so an empty text stands in their place: NOT_SET, OTHER",
        "idle namespaces, because an image's command would run on this host's own files: web "
        "(to run them anyway: x-dataplane: {run: true}, or up --run-commands)",
        "these keys change nothing here: version, cap_add (web, db), logging (web), deploy.labels (web), networks.priority (db), "
        "networks.ipam.options (n), volumes",
    )


@pytest.mark.parametrize("text", ["services: {w: {XXX: 1}}", "services: {w: {command: '${XXX'}}", "services: {w: {scale: XXX}}"])
def test_messages_stay_readable(text):
    with pytest.raises(UserError) as caught:
        lab(text.replace("XXX", "x" * 900))
    assert len(str(caught.value)) < 1500


def test_keys_of_the_user_are_left_alone():
    assert (
        lab("x-a: {b: c}\nservices: {web: {image: host, x-b: [1], deploy: {x-c: 1}}}\nnetworks: {default: {x-d: }}").warnings == ()
    )


@pytest.mark.parametrize(
    "text", ["enable_ipv6: true", "internal: true", "external: false", "x-dataplane: {}", "ipam: {driver: default}"]
)
def test_accepted_networks(text):
    assert lab(f"services: {{web: {{image: host}}}}\nnetworks: {{default: {{{text}}}}}").networks["default"].driver == "bridge"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "services: {web: {image: host}}\nnetworks: {a: &n {ipam: {config: [{subnet: 10.0.0.0/8}]}}, b: *n}",
            'networks.b: its subnet 10.0.0.0/8 overlaps 10.0.0.0/8 of the network "a"',
        ),
        ("services: {web: {image: host}}\nnetworks: {a: {name: x}, b: {name: x}}", 'the networks "a" and "b" have one name, "x"'),
        (
            "services: {web: {image: host}}\nnetworks: {a: {ipam: {config: [{subnet: 224.0.0.0/8}]}}}",
            "no interface may have an address",
        ),
        (
            "services: {web: {image: host, network_mode: 'service:db'}, db: {image: host, scale: 0}}",
            'there are 0 instances of "db"',
        ),
        ("services: {a: {image: host, depends_on: {b: {condition: service_started, required: false}}}}", 'there is no service "b"'),
        (
            "services: {a: {image: host}}\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.255}]}}}",
            "broadcast address",
        ),
        ("services: {a: {image: host, scale: 3000}, b: {image: host, scale: 3000}}", "more than 4096 instances"),
        ("services: {a: {image: host, container_name: x}, b: {image: host, container_name: x}}", "have one container name"),
        ("services: {a: {image: host, container_name: x, scale: 2}}", "cannot all have this container name"),
        (
            "services: {a: {image: host, network_mode: none, mac_address: '02:00:00:00:00:01'}}",
            "no interface that could have this MAC",
        ),
        ("services: {a: {image: host, networks: {n: {aliases: ['a b']}}}}\nnetworks: {n: }", "cannot be a host name"),
        ("services: {a: {image: host, dns: x}}", "is not an IP address"),
        ("services: {a: {image: host, dns_search: ['a b']}}", "cannot stand in /etc/resolv.conf"),
        ("services: {a: {image: host, sysctls: [net.x]}}", '"net.x" has no value'),
        ("services: {a: {image: host, sysctls: [net..x=1]}}", "is not a kernel setting"),
        ("services: {a: {image: host, environment: [=x]}}", "cannot be a key"),
        ("services: {a: {image: host, deploy: {mode: global, replicas: 2}}}", "runs one instance on every host"),
    ],
)
def test_refused(text, what):
    with pytest.raises(UserError, match=what):
        lab(text)


POOLS = "{config: [{subnet: 10.0.0.0/24, aux_addresses: {printer: 10.0.0.3}}, {subnet: 'fd00::/64'}]}"


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ("ipv4_address: 'fd00::5'", '"fd00::5" is not an IPv4 address'),
        ("ipv6_address: 10.0.0.5", '"10.0.0.5" is not an IPv6 address'),
        ("ipv6_address: 'fe80::1%eth0'", '"fe80::1%eth0" names an interface of this host'),
        ("ipv4_address: 10.0.0.0", "10.0.0.0 is the subnet's own or its broadcast address"),
        ("ipv4_address: 10.0.0.255", "10.0.0.255 is the subnet's own or its broadcast address"),
        ("ipv6_address: 'fd00::'", "fd00:: is the subnet's own or its broadcast address"),
        ("ipv4_address: 10.0.0.3", '10.0.0.3 is reserved on the network "n" as aux_addresses.printer'),
        ("mac_address: '00:00:00:00:00:00'", '"00:00:00:00:00:00" is no interface\'s address'),
        ("interface_name: lo", '"lo" cannot name an interface'),
    ],
)
def test_addresses_that_no_interface_can_have(keys, what):
    with pytest.raises(UserError) as caught:
        lab(f"services: {{a: {{image: host, networks: {{n: {{{keys}}}}}}}}}\nnetworks: {{n: {{enable_ipv6: true, ipam: {POOLS}}}}}")
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ("networks: {n: {interface_name: x}, m: {interface_name: x}}", 'two interfaces would be called "x"'),
        ("mac_address: '02:00:00:00:00:01', networks: {n: {mac_address: '02:00:00:00:00:02'}}", "the first interface has two MACs"),
        ("healthcheck: {test: x, retries: -1}", "-1 is negative"),
        ("healthcheck: {test: x, interval: 10us}", '"10us" is less than a millisecond'),
        ("healthcheck: {test: [CMD]}", "CMD takes a program"),
        ("healthcheck: {test: [CMD-SHELL, a, b]}", "CMD-SHELL takes one text"),
        ("build: ., healthcheck: {test: [x]}", 'the test begins with "x"'),
        ("network_mode: 'service:a'", "a service cannot share its own namespace"),
        ("network_mode: 'netns:/x', networks: [n], scale: 2", "cannot all put their interfaces into one namespace"),
        ("deploy: {restart_policy: {condition: on-failure, max_attempts: -1}}", "-1 is negative"),
        ("profiles: ['a b']", '"a b" cannot be a profile'),
        ("networks: {n: []}", "a list stands where a mapping belongs"),
        ("stop_signal: '99'", 'there is no signal "99"'),
        ("extra_hosts: {h: {a: b}}", "a mapping stands where a text or a list of texts belongs"),
    ],
)
def test_services_that_cannot_be(keys, what):
    with pytest.raises(UserError, match=what):
        lab(f"services: {{a: {{image: host, {keys}}}}}\nnetworks: {{n: , m: }}")


@pytest.mark.parametrize(
    ("subnet", "mend"),
    [
        ("10.0.0.0", "write 10.0.0.0/24"),
        ("fd00::", "write fd00::/64"),
        ("10.0.0.0/33", "write 10.0.0.0/24, or fd00::/64"),
        ("x", "write 10.0.0.0/24, or fd00::/64"),
        ("10.0.0.7/32", "make it larger"),
        ("127.0.0.0/8", "choose a private subnet: 10.0.0.0/24, or fd00::/64"),
    ],
)
def test_subnets_that_no_network_can_have(subnet, mend):
    with pytest.raises(UserError) as caught:
        lab(f"services: {{a: {{image: host}}}}\nnetworks: {{n: {{ipam: {{config: [{{subnet: '{subnet}'}}]}}}}}}")
    assert caught.value.mend == mend
