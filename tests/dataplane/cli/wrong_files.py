"""Wrong Compose files, each with the message it deserves: (file, what, where, mend)."""

SUBNET = "networks:\n  a:\n    ipam:\n      config:\n        - subnet: 10.0.0.0/24\n"

WRONG_FILES = {
    "an unknown key of the file": (
        "servces: {web: {}}\n",
        'the key "servces" is unknown',
        "lab.yaml:1: servces",
        'did you mean "services"?',
    ),
    "an unknown key of a service": (
        "services:\n  web:\n    imagee: x\n",
        'the key "imagee" is unknown',
        "lab.yaml:3: services.web.imagee",
        'did you mean "image"?',
    ),
    "a network that is not there": (
        "services:\n  web:\n    networks: [frnt]\nnetworks:\n  front:\n",
        'there is no network "frnt"',
        "lab.yaml:3: services.web.networks[0]",
        'did you mean "front"?',
    ),
    "a subnet with host bits": (
        "services: {web: {networks: [a]}}\nnetworks:\n  a:\n    ipam:\n      config:\n        - subnet: 10.0.0.1/24\n",
        'the subnet "10.0.0.1/24" has host bits set',
        "lab.yaml:6: networks.a.ipam.config[0].subnet",
        "write 10.0.0.0/24",
    ),
    "an address outside its subnet": (
        "services:\n  web:\n    networks:\n      a:\n        ipv4_address: 10.9.0.5\n" + SUBNET,
        '10.9.0.5 is outside the subnet 10.0.0.0/24 of the network "a"',
        "lab.yaml:5: services.web.networks.a.ipv4_address",
        "choose an address inside it",
    ),
    "an address given twice": (
        "services:\n  web:\n    networks:\n      a: {ipv4_address: 10.0.0.5}\n"
        "  db:\n    networks:\n      a: {ipv4_address: 10.0.0.5}\n" + SUBNET,
        '10.0.0.5 on "a" is given to two services, "web" and "db"',
        "lab.yaml:7: services.db.networks.a.ipv4_address",
        "change one of them",
    ),
    "one address for several instances": (
        "services:\n  web:\n    scale: 2\n    networks:\n      a: {ipv4_address: 10.0.0.5}\n" + SUBNET,
        '2 instances cannot all have 10.0.0.5 on "a"',
        "lab.yaml:2: services.web",
        "remove the address, or scale",
    ),
    "a subnet that is full": (
        "services:\n  web: {scale: 9, networks: [a]}\nnetworks:\n  a:\n    ipam:\n      config:\n        - subnet: 10.0.0.0/29\n",
        "no available addresses on this pool: 10.0.0.0/29",
        "lab.yaml: services.web.networks.a",
        "give it a larger subnet or IP range, or fewer members",
    ),
    "subnets that overlap": (
        "services: {web: {networks: [a, b]}}\nnetworks:\n  a:\n    ipam: {config: [{subnet: 10.0.0.0/16}]}\n"
        "  b:\n    ipam: {config: [{subnet: 10.0.1.0/24}]}\n",
        'its subnet 10.0.1.0/24 overlaps 10.0.0.0/16 of the network "a"',
        "lab.yaml:5: networks.b",
        "change one of them",
    ),
    "a port that is none": (
        "services:\n  web:\n    ports: ['99999:80']\n",
        "invalid hostPort: 99999",
        "lab.yaml:3: services.web.ports[0]",
        'ports go from 1 to 65535: write "8080:80", "127.0.0.1:8080:80", "[::1]:8080:80", "80", "8000-8010:80" or "53:53/udp"',
    ),
    "a port that two want": (
        "services: {a: {ports: ['80:80']}, b: {ports: ['80:80']}}\n",
        "driver failed programming external connectivity on endpoint b: Bind for 0.0.0.0:80 failed: port is already allocated",
        "lab.yaml: services.b.ports",
        "a has it: publish another port, or one of a range: 80-90:80",
    ),
    "a gateway mode that is none": (
        "services: {a: {}}\nnetworks: {default: {driver_opts: {com.docker.network.bridge.gateway_mode_ipv4: isolated}}}\n",
        "gateway mode 'isolated' can only be used for an internal network",
        "lab.yaml: networks.default",
        "make the network internal, or choose another mode",
    ),
    "a driver that is none": (
        "services:\n  web:\n    networks: [a]\nnetworks:\n  a:\n    driver: brigde\n",
        'there is no driver "brigde"',
        "lab.yaml:6: networks.a.driver",
        'did you mean "bridge"?',
    ),
    "an underlay without an address": (
        "services: {web: {}}\nx-dataplane:\n  underlay: {kind: udp}\n",
        "an underlay needs address",
        "lab.yaml:3: x-dataplane.underlay",
        "write address: 192.0.2.2, the host's own that peers know",
    ),
    "an overlay without an underlay": (
        "services: {web: {}}\nnetworks:\n  default:\n    driver: overlay\n",
        "an overlay needs an underlay",
        "lab.yaml:4: networks.default.driver",
        "write at the top: x-dataplane: {underlay: {kind: udp, address: OURS, peers: [{address: THEIRS}]}}",
    ),
    "an uplink that is incomplete": (
        "services: {web: {}}\nx-dataplane:\n  uplink: {kind: packet}\n",
        "an uplink of kind packet needs name",
        "lab.yaml:3: x-dataplane.uplink",
        "write name: eth0, the real interface",
    ),
    "a MAC that is none": (
        "services:\n  web:\n    networks:\n      a: {mac_address: '02:00:zz:00:00:01'}\nnetworks: {a: {}}\n",
        '"02:00:zz:00:00:01" is not a MAC address',
        "lab.yaml:4: services.web.networks.a.mac_address",
        "write six pairs of hexadecimal digits: 02:42:0a:00:00:05",
    ),
    "a MAC of a group": (
        "services:\n  web:\n    networks:\n      a: {mac_address: '01:00:5e:00:00:01'}\nnetworks: {a: {}}\n",
        '"01:00:5e:00:00:01" is a group address: no interface can have it',
        "lab.yaml:4: services.web.networks.a.mac_address",
        "make the first pair even: 00",
    ),
    "no YAML": (
        "services: [web\n",
        "this is not YAML: did not find expected ',' or ']'",
        "lab.yaml:2",
        "check quotes, colons and indentation here",
    ),
    "a key written twice": (
        "services:\n  web: {}\n  web: {}\n",
        'the key "web" is written twice, first in line 2',
        "lab.yaml:3",
        "keep one of the two",
    ),
    "host network beside networks": (
        "services:\n  web:\n    network_mode: host\n    networks: [a]\nnetworks: {a: {}}\n",
        'network_mode "host" and networks exclude each other',
        "lab.yaml:3: services.web.network_mode",
        "keep one of the two (netns:PATH may have both)",
    ),
    "a network mode that is none": (
        "services:\n  web:\n    network_mode: bridgee\n",
        '"bridgee" is not a network mode',
        "lab.yaml:3: services.web.network_mode",
        "write none, host, service:NAME or netns:PATH, or leave it out and use networks",
    ),
    "a dependency that is not there": (
        "services:\n  web:\n    depends_on: [db]\n",
        'there is no service "db"',
        "lab.yaml:3: services.web.depends_on[0]",
        "services here: web",
    ),
    "dependencies in a circle": (
        "services:\n  a: {depends_on: [b]}\n  b: {depends_on: [a]}\n",
        "services wait for each other in a circle: a -> b -> a",
        "lab.yaml:2: services.a.depends_on",
        "take one of them out of the circle",
    ),
    "a variable that must be set": (
        "services:\n  web:\n    hostname: ${NAME:?give a name}\n",
        'the variable "NAME" must be set: give a name',
        "lab.yaml:3: services.web.hostname",
        "set NAME in the environment or in .env",
    ),
    "a variable without its end": (
        "services:\n  web:\n    hostname: ${NAME\n",
        '"${NAME" has no closing brace',
        "lab.yaml:3: services.web.hostname",
        "write ${NAME}, or $$ for a dollar sign",
    ),
    "a list for a text": (
        "services:\n  web:\n    hostname: [a, b]\n",
        "a list stands where a text belongs",
        "lab.yaml:3: services.web.hostname",
        "write a text: one word, or words in quotes",
    ),
    "a restart policy that is none": (
        "services:\n  web:\n    restart: sometimes\n",
        '"sometimes" is not a restart policy',
        "lab.yaml:3: services.web.restart",
        'write "no", always, on-failure, on-failure:5 or unless-stopped',
    ),
    "a duration that is none": (
        "services:\n  web:\n    stop_grace_period: fast\n",
        '"fast" is not a duration',
        "lab.yaml:3: services.web.stop_grace_period",
        'write a number and a unit: "500ms", "30s", "1m30s", "2h"',
    ),
    "two instances of one name": (
        "services:\n  web-1: {networks: [a]}\n  web: {scale: 1, networks: [a]}\nnetworks: {a: {}}\n",
        'two instances would be called "web-1": the service "web-1", and a copy of the service "web"',
        "lab.yaml:3: services.web",
        "rename one of them",
    ),
    "a name that no lab can have": ("name: ../x\nservices: {web: {}}\n", '"../x" cannot name a lab', "lab.yaml:1: name", "write x"),
    "an empty file": ("", "the file is empty", "lab.yaml", "write at least: services: {web: {image: host}}"),
    "no services": (
        "networks: {a: {}}\n",
        "the file has no services",
        "lab.yaml:1",
        "write at least: services: {web: {image: host}}",
    ),
}
