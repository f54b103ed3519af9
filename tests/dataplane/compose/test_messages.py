"""Wrong files and the whole of what is said about them: what, where, mend."""

import pytest

from dataplane.compose import load
from dataplane.errors import UserError

NETWORKS = """
networks:
  front: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]}}
  back:
"""
WRONG = [
    (
        "services:\n  web:\n    image: host\n    comand: sleep 1",
        '<text>:4: services.web.comand: the key "comand" is unknown',
        'did you mean "command"?',
    ),
    ("service:\n  web: {image: host}", '<text>:1: service: the key "service" is unknown', 'did you mean "services"?'),
    ("services:\n  web:\n    zzz: 1", '<text>:3: services.web.zzz: the key "zzz" is unknown', "remove it, or begin it with x-"),
    (
        "services:\n  web:\n    command: 5",
        "<text>:3: services.web.command: a number stands where a text or a list of texts belongs",
        'put it in quotes: "5"',
    ),
    (
        "services:\n  web:\n    tty: perhaps",
        '<text>:3: services.web.tty: "perhaps" is neither true nor false',
        "write true or false",
    ),
    (
        "services:\n  web:\n    image: [host]",
        "<text>:3: services.web.image: a list stands where a text belongs",
        "write a text: one word, or words in quotes",
    ),
    (
        "services:\n  web:",
        "<text>:2: services.web: nothing stands where a mapping belongs",
        "write it after the colon, or indented under it",
    ),
    ("services: {}", "<text>:1: the file has no services", "write at least: services: {web: {image: host}}"),
    ("- services", "<text>:1: a list stands where the file's mapping belongs", "begin with services:"),
    (
        "services:\n  web: {image: host, networks: [fornt]}" + NETWORKS,
        '<text>:2: services.web.networks[0]: there is no network "fornt"',
        'did you mean "front"?',
    ),
    (
        "services:\n  web: {image: host, networks: [other]}" + NETWORKS,
        '<text>:2: services.web.networks[0]: there is no network "other"',
        "write it under networks: at the top: other:",
    ),
    (
        "include: [other.yaml]\nservices: {web: {image: host}}",
        '<text>:1: include: "include" is from a later version',
        "copy its services into this file, or write extends: {file: …, service: …} on each",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {driver: macvlan, x-dataplane: {gateway_mac: 02:00:00:00:00:01}}}",
        "<text>:2: networks.default.x-dataplane.gateway_mac: the gateway of a network of driver macvlan is somebody outside",
        "remove it",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {driver: brigde}}",
        '<text>:2: networks.default.driver: there is no driver "brigde"',
        'did you mean "bridge"?',
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {driver: weave}}",
        '<text>:2: networks.default.driver: there is no driver "weave"',
        "write driver: bridge, or leave it out",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {external: true}}",
        "<text>:2: networks.default.external: a network made outside the lab cannot be joined yet",
        "remove external: the lab then makes its own",
    ),
    (
        "services: {web: {image: host}}\nx-dataplane: {underlay: {kind: packet}}",
        "<text>:2: x-dataplane.underlay: an underlay of kind packet needs name",
        "write name: eth0, the real interface",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {internal: true, x-dataplane: {uplink: {kind: tap}}}}",
        "<text>:2: networks.default.x-dataplane.uplink: nothing leaves an internal network",
        "remove the uplink, or internal",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {x-dataplane: {uplink: {kind: packet}}}}",
        "<text>:2: networks.default.x-dataplane.uplink: an uplink of kind packet needs name",
        "write name: eth0, the real interface",
    ),
    (
        "services: {web: {image: host, x-dataplane: {uplink: {kind: tap}}}}",
        '<text>:1: services.web.x-dataplane.uplink: "uplink" means nothing here',
        "write it on a network: a service leaves by that of its default route, which gw_priority chooses",
    ),
    (
        "services: {web: {image: host}}\nx-dataplane: {uplnik: {kind: tap}}",
        '<text>:2: x-dataplane.uplnik: the key "uplnik" is unknown',
        'did you mean "uplink"?',
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {x-dataplane: {impair: {loss: 1}}}}",
        '<text>:2: networks.default.x-dataplane.impair: "impair" is from a later version',
        "remove it: links here are perfect",
    ),
    (
        "services: {web: {image: host, x-dataplane: {runn: true}}}",
        '<text>:1: services.web.x-dataplane.runn: the key "runn" is unknown',
        'did you mean "run"?',
    ),
    (
        "services: {web: {image: host, deploy: {x-dataplane: {run: true}}}}",
        "<text>:1: services.web.deploy.x-dataplane: x-dataplane means nothing here",
        "write it at the top of the file, on a network or on a service",
    ),
    (
        "services: {web: {image: host, networks: {front: {ipv4_address: 10.0.1.5}}}}" + NETWORKS,
        '<text>:1: services.web.networks.front.ipv4_address: 10.0.1.5 is outside the subnet 10.0.0.0/24 of the network "front"',
        "choose an address inside it",
    ),
    (
        "services: {web: {image: host, networks: {front: {ipv4_address: 10.0.0.1}}}}" + NETWORKS,
        '<text>:1: services.web.networks.front.ipv4_address: 10.0.0.1 is the gateway of the network "front"',
        "choose another address",
    ),
    (
        "services: {web: {image: host, networks: {back: {ipv4_address: 10.0.0.5}}}}" + NETWORKS,
        '<text>:1: services.web.networks.back.ipv4_address: the network "back" has no IPv4 subnet of its own to take 10.0.0.5 from',
        "write ipam: {config: [{subnet: 10.0.0.0/24}]} on the network",
    ),
    (
        "services: {web: {image: host, networks: {front: {ipv4_address: 10.0.0.300}}}}" + NETWORKS,
        '<text>:1: services.web.networks.front.ipv4_address: "10.0.0.300" is not an IP address',
        "write 10.0.0.5, or fd00::5",
    ),
    (
        "services:\n  a: {image: host, networks: {front: {ipv4_address: 10.0.0.5}}}\n"
        "  b: {image: host, networks: {front: {ipv4_address: 10.0.0.5}}}" + NETWORKS,
        '<text>:3: services.b.networks.front.ipv4_address: 10.0.0.5 on "front" is given to two services, "a" and "b"',
        "change one of them",
    ),
    (
        "services: {web: {image: host, mac_address: '01:00:5e:00:00:01'}}",
        '<text>:1: services.web.mac_address: "01:00:5e:00:00:01" is a group address: no interface can have it',
        "make the first pair even: 00",
    ),
    (
        "services: {web: {image: host, mac_address: '02:00'}}",
        '<text>:1: services.web.mac_address: "02:00" is not a MAC address',
        "write six pairs of hexadecimal digits: 02:42:0a:00:00:05",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.5/24}]}}}",
        '<text>:2: networks.default.ipam.config[0].subnet: the subnet "10.0.0.5/24" has host bits set',
        "write 10.0.0.0/24",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.1.0.1}]}}}",
        "<text>:2: networks.default.ipam.config[0].gateway: 10.1.0.1 is outside the subnet 10.0.0.0/24",
        "choose an address inside it",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.0/24, ip_range: 10.1.0.0/25}]}}}",
        "<text>:2: networks.default.ipam.config[0].ip_range: the range 10.1.0.0/25 is not part of the subnet 10.0.0.0/24",
        "choose a range inside it",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {ipam: {config: [{subnet: 'fd00::/64'}]}}}",
        "<text>:2: networks.default.ipam.config[0]: the subnet fd00::/64 is IPv6, and the network is not",
        "write enable_ipv6: true on the network",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.0/24}, {subnet: 10.1.0.0/24}]}}}",
        "<text>:2: networks.default.ipam.config[1]: a bridge has one IPv4 subnet, and 10.1.0.0/24 is the second",
        "make a second network for it",
    ),
    (
        "services: {web: {image: host}}\nnetworks: {default: {enable_ipv4: false}}",
        "<text>:2: networks.default: the network has neither IPv4 nor IPv6",
        "write enable_ipv6: true, or leave enable_ipv4 out",
    ),
    (
        "services: {web: {image: host, network_mode: hots}}",
        '<text>:1: services.web.network_mode: "hots" is not a network mode',
        "write none, host, service:NAME or netns:PATH, or leave it out and use networks",
    ),
    (
        "services: {web: {image: host, network_mode: bridge}}",
        '<text>:1: services.web.network_mode: network_mode "bridge" is Docker\'s own bridge, which a lab does not have',
        "leave it out: the service joins the network default",
    ),
    (
        "services: {web: {image: host, network_mode: 'service:db'}}",
        '<text>:1: services.web.network_mode: there is no service "db" whose namespace could be shared',
        "services here: web",
    ),
    (
        "services: {web: {image: host, network_mode: 'container:db'}}",
        '<text>:1: services.web.network_mode: no service of this lab has the container name "db"',
        "containers outside the lab are from a later version: write service:NAME",
    ),
    (
        "services: {web: {image: host, network_mode: 'netns:red'}}",
        '<text>:1: services.web.network_mode: "red" is not an absolute path',
        "write netns:/run/netns/red",
    ),
    (
        "services: {web: {image: host, network_mode: none, networks: [front]}}" + NETWORKS,
        '<text>:1: services.web.network_mode: network_mode "none" and networks exclude each other',
        "keep one of the two (netns:PATH may have both)",
    ),
    (
        "services: {web: {image: host, depends_on: [dv]}, db: {image: host}}",
        '<text>:1: services.web.depends_on[0]: there is no service "dv"',
        "services here: web, db",
    ),
    (
        "services:\n  a: {image: host, depends_on: [b]}\n  b: {image: host, depends_on: [c]}\n"
        "  c: {image: host, network_mode: 'service:a'}",
        "<text>:2: services.a.depends_on: services wait for each other in a circle: a -> b -> c -> a",
        "take one of them out of the circle",
    ),
    (
        "services: {a: {image: host, depends_on: [a]}}",
        "<text>:1: services.a.depends_on: services wait for each other in a circle: a -> a",
        "take one of them out of the circle",
    ),
    (
        "services: {web: {image: host, depends_on: {db: {condition: service_healthy}}}, db: {image: host, command: sleep 9}}",
        '<text>:1: services.web.depends_on.db: "db" never becomes healthy: it has no healthcheck',
        "write a healthcheck for db, or condition: service_started",
    ),
    (
        "services: {web: {image: host, depends_on: {db: {condition: service_completed_successfully}}}, db: {image: host}}",
        '<text>:1: services.web.depends_on.db: "db" never completes: it has no command',
        "write a command for db, or condition: service_started",
    ),
    (
        "services: {web: {image: host, depends_on: {db: {condition: healthy}}}, db: {image: host}}",
        '<text>:1: services.web.depends_on.db.condition: "healthy" is none of '
        "service_started, service_healthy, service_completed_successfully",
        'did you mean "service_healthy"?',
    ),
    (
        "services: {web: {image: host, depends_on: {db: {required: true}}}, db: {image: host}}",
        '<text>:1: services.web.depends_on.db: "condition" is missing',
        "write condition: under it",
    ),
    (
        "services: {web: {image: host, depends_on: [db]}, db: {image: host, profiles: [x]}}",
        '<text>:1: services.web.depends_on[0]: the service "db" is left out, for none of its profiles is active',
        "activate one of its profiles (--profile)",
    ),
    (
        "services: {web: {image: host, profiles: [x]}}",
        "<text>:1: no service is left: every one has profiles, and none is active",
        "activate one with --profile",
    ),
    (
        "services: {web: {image: host, scale: 2, deploy: {replicas: 3}}}",
        "<text>:1: services.web.scale: scale is 2 and deploy.replicas is 3",
        "keep one of the two",
    ),
    (
        "services: {web: {image: host, scale: 99999}}",
        "<text>:1: services.web.scale: 99999 instances of a service cannot be",
        "write a number from 0 to 4096",
    ),
    (
        "services: {web: {image: host, scale: 2, networks: {front: {ipv4_address: 10.0.0.5}}}}" + NETWORKS,
        '<text>:1: services.web: 2 instances cannot all have 10.0.0.5 on "front"',
        "remove the address, or scale",
    ),
    (
        "services: {web: {image: host, scale: 1}, web-1: {image: host}}",
        '<text>:1: services.web-1: two instances would be called "web-1": a copy of the service "web", and the service "web-1"',
        "rename one of them",
    ),
    (
        "services: {a.b: {image: host, networks: [c]}, a: {image: host, networks: [b.c]}}\nnetworks: {c: , b.c: }",
        '<text>:1: services.a: two ports would be called "a.b.c": the service "a.b" on "c", and the service "a" on "b.c"',
        "rename one of them",
    ),
    (
        "services: {uplink: {image: host}}",
        '<text>:1: services.uplink: two ports would be called "uplink.default": '
        'the uplink of the network "default", and the service "uplink" on "default"',
        "rename one of them",
    ),
    (
        "services: {web: {image: host, command: 'echo \"x'}}",
        "<text>:1: services.web.command: the command cannot be split into words: a quote is never closed",
        "write it as a list: [program, argument]",
    ),
    (
        "services: {web: {image: host, healthcheck: {test: [ping, x]}}}",
        '<text>:1: services.web.healthcheck.test: the test begins with "ping"',
        'begin it with "CMD", "CMD-SHELL" or "NONE", or write it as one text',
    ),
    (
        "services: {web: {image: host, healthcheck: {test: x, interval: 5}}}",
        "<text>:1: services.web.healthcheck.interval: a number stands where a duration belongs",
        'write a number and a unit, in quotes: "30s"',
    ),
    (
        "services: {web: {image: host, healthcheck: {test: x, interval: '5'}}}",
        '<text>:1: services.web.healthcheck.interval: "5" is not a duration',
        'write a number and a unit: "500ms", "30s", "1m30s", "2h"',
    ),
    (
        "services: {web: {image: host, restart: sometimes}}",
        '<text>:1: services.web.restart: "sometimes" is not a restart policy',
        'write "no", always, on-failure, on-failure:5 or unless-stopped',
    ),
    (
        "services: {web: {image: host, stop_signal: SIGFOO}}",
        '<text>:1: services.web.stop_signal: there is no signal "SIGFOO"',
        "write SIGTERM, SIGINT or another of kill -l",
    ),
    (
        "services: {web: {image: host, sysctls: {net.ipv4.ip_forward: 1}, network_mode: host}}",
        '<text>:1: services.web.sysctls: with network_mode "host" the service has no network settings of its own',
        "remove sysctls, or network_mode",
    ),
    (
        "services: {web: {image: host, env_file: [{path: x, format: toml}]}}",
        '<text>:1: services.web.env_file[0].format: there is no format "toml"',
        "write format: raw, or leave it out",
    ),
    (
        "services: {web: {image: host, hostname: 'a b'}}",
        '<text>:1: services.web.hostname: "a b" cannot be a host name',
        'use letters, digits, "-" and ".", at most 64',
    ),
    (
        "services: {web: {image: host, extra_hosts: [h]}}",
        '<text>:1: services.web.extra_hosts[0]: "h" has no address',
        'write "host=10.0.0.5"',
    ),
    (
        "services: {web: {image: '${IMAGE:?which one}'}}",
        '<text>:1: services.web.image: the variable "IMAGE" must be set: which one',
        "set IMAGE in the environment or in .env",
    ),
    (
        "services: {web: {image: '${IMAGE'}}",
        '<text>:1: services.web.image: "${IMAGE" has no closing brace',
        "write ${NAME}, or $$ for a dollar sign",
    ),
    (
        "services: {web: {image: host}, web: {image: host}}",
        '<text>:1: the key "web" is written twice, first in line 1',
        "keep one of the two",
    ),
    ("name: My Lab\nservices: {web: {image: host}}", '<text>:1: name: "My Lab" cannot name a lab', "write mylab"),
    (
        "services: {'a b': {image: host}}",
        '<text>:1: services.a b: "a b" cannot be a name here',
        'use letters, digits, ".", "_" and "-", at most 63, beginning with a letter, a digit or "_"',
    ),
    (
        "services: {-x: {image: host}}",
        '<text>:1: services.-x: "-x" cannot be a name here',
        'use letters, digits, ".", "_" and "-", at most 63, beginning with a letter, a digit or "_"',
    ),
    (
        "services: {web: {image: host, networks: {front: {link_local_ips: [169.254.0.5]}}}}" + NETWORKS,
        '<text>:1: services.web.networks.front.link_local_ips: "link_local_ips" is from a later version',
        "remove it: an interface has one IPv4 and one IPv6 address here",
    ),
    (
        "services: {web: {image: host, networks: {front: {interface_name: thisnameistoolong}}}}" + NETWORKS,
        '<text>:1: services.web.networks.front.interface_name: "thisnameistoolong" cannot name an interface',
        'write up to 15 letters and digits, such as "eth0"',
    ),
    (
        "services: {web: {image: host, mem_limit: lots}}",
        '<text>:1: services.web.mem_limit: "lots" is not a number of bytes',
        'write a number and a unit: "64k", "512m", "2g"',
    ),
    (
        "services: {web: {image: host, expose: ['80-70']}}",
        '<text>:1: services.web.expose[0]: "80-70" is not a port, nor a range of ports',
        'write "80", "8000-8010" or "53/udp", from 1 to 65535',
    ),
    (
        "services: {web: {image: host, user: 'a b'}}",
        '<text>:1: services.web.user: "a b" is not a user',
        'write "1000", "1000:1000" or a name',
    ),
    (
        "services: {web: {image: host, working_dir: tmp}}",
        '<text>:1: services.web.working_dir: "tmp" is not an absolute path',
        "begin it with /",
    ),
    (
        "services: {web: {image: host, networks: [h, front]}}\nnetworks: {h: {driver: host}, front: }",
        '<text>:1: services.web: "h" has the driver host, so it must be the service\'s only network',
        "remove the others",
    ),
    (
        "version: 3.8\nservices: {web: {image: host}}",
        "<text>:1: version: a number stands where a text belongs",
        'put it in quotes: "3.8"',
    ),
]


@pytest.mark.parametrize(("text", "head", "mend"), WRONG, ids=[head for _, head, _ in WRONG])
def test_message(text, head, mend):
    with pytest.raises(UserError) as caught:
        load(text, text=True, environment={})
    assert str(caught.value) == f"{head}\n  mend: {mend}"
    assert caught.value.status == 2


def test_files_that_are_not_there(tmp_path):
    file = tmp_path / "compose.yaml"
    for line, key, name in (
        ("env_file: a.env", "env_file", "a.env"),
        ("env_file: [{path: b.env}]", "env_file[0].path", "b.env"),
        ("label_file: [c.txt]", "label_file[0]", "c.txt"),
        ("extends: {file: d.yaml, service: web}", "extends.file", "d.yaml"),
    ):
        file.write_text(f"services:\n  web:\n    {line}\n")
        with pytest.raises(UserError) as caught:
            load(file, environment={})
        assert str(caught.value) == (
            f"{file}:3: services.web.{key}: there is no file {tmp_path / name}\n"
            "  mend: relative paths start at the file that names them"
        )
