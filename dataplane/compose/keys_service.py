"""Every key of a service: the Compose Specification's schema of June 2026 and ``pre_start``."""

from __future__ import annotations

from dataplane.compose import keys_build as inner
from dataplane.compose.keys import (
    ANYTHING,
    COMMAND,
    FLAG,
    NULL,
    NUMBER,
    PAIRS,
    SCALAR,
    SIZE,
    TEXT,
    TEXT_OR_TEXTS,
    TEXTS,
    WHOLE,
    Table,
    choice,
    elsewhere,
    ignored,
    later,
    used,
)
from dataplane.compose.keys_deploy import DEPLOY, HEALTHCHECK
from dataplane.compose.keys_network import ATTACHMENT
from dataplane.compose.shapes import ListOf, MapOf, OneOf

CONDITIONS = choice("service_started", "service_healthy", "service_completed_successfully")
DEPENDENCY = Table(
    "depends_on",
    {
        "condition": used(CONDITIONS, "what to wait for"),
        "restart": used(FLAG, "restart with it"),
        "required": used(FLAG, "`true` where it is absent"),
    },
    ("condition",),
)
ENV_FILE = OneOf((TEXT, ListOf(OneOf((TEXT, inner.quiet({"path": TEXT, "required": FLAG, "format": TEXT}, ("path",)))))))
PUBLISHED = OneOf(
    (
        SCALAR,
        inner.quiet(
            {
                "name": TEXT,
                "mode": TEXT,
                "host_ip": TEXT,
                "target": WHOLE,
                "published": SCALAR,
                "protocol": TEXT,
                "app_protocol": TEXT,
            },
            ("target",),
        ),
    )
)
BY_NETWORK = "write it on a network: a service leaves by that of its default route, which gw_priority chooses"
SERVICE_X = Table(
    "x-dataplane",
    {
        "run": used(FLAG, "`true`: run the command on this host's files though the service has a `build` or an image"),
        "uplink": elsewhere(BY_NETWORK),
        "underlay": elsewhere(BY_NETWORK),
        "impair": later(ANYTHING, "remove it: links here are perfect"),
    },
    extensible=False,
)
FILES = "commands run on this host's files"
HOST = "commands run as a process of this host"
UNLIMITED = "nothing is limited"

SERVICE = Table(
    "",
    {
        "annotations": ignored(PAIRS, "metadata for a runtime"),
        "attach": ignored(FLAG, "`up` shows every service's output"),
        "blkio_config": ignored(inner.BLKIO, UNLIMITED),
        "build": used(inner.BUILD, "nothing is built; the service is an idle namespace (see x-dataplane)"),
        "cap_add": ignored(TEXTS, HOST),
        "cap_drop": ignored(TEXTS, HOST),
        "cgroup": ignored(choice("host", "private"), HOST),
        "cgroup_parent": ignored(TEXT, HOST),
        "command": used(COMMAND, "what runs in the namespaces; a text is split as a shell does"),
        "configs": ignored(inner.FILE_GRANT, FILES),
        "container_name": used(TEXT, "one more name on every network"),
        "cpu_count": ignored(WHOLE, UNLIMITED),
        "cpu_percent": ignored(NUMBER, UNLIMITED),
        "cpu_period": ignored(NUMBER, UNLIMITED),
        "cpu_quota": ignored(NUMBER, UNLIMITED),
        "cpu_rt_period": ignored(NUMBER, UNLIMITED),
        "cpu_rt_runtime": ignored(NUMBER, UNLIMITED),
        "cpu_shares": ignored(NUMBER, UNLIMITED),
        "cpus": ignored(NUMBER, UNLIMITED),
        "cpuset": ignored(TEXT, UNLIMITED),
        "credential_spec": ignored(inner.CREDENTIALS, "Windows only"),
        "depends_on": used(OneOf((TEXTS, MapOf(DEPENDENCY))), "start order and conditions; a circle is an error"),
        "deploy": used(OneOf((DEPLOY, NULL)), "see below"),
        "develop": ignored(inner.DEVELOP, "nothing is built"),
        "device_cgroup_rules": ignored(TEXTS, HOST),
        "devices": used(inner.DEVICES, "this host's are there; a device by another name, which has to be there to be mounted on"),
        "dns": used(TEXT_OR_TEXTS, "name servers in /etc/resolv.conf"),
        "dns_opt": used(TEXTS, "options in /etc/resolv.conf"),
        "dns_search": used(TEXT_OR_TEXTS, "search domains in /etc/resolv.conf"),
        "domainname": ignored(TEXT, "write the whole name as `hostname`"),
        "entrypoint": used(COMMAND, "goes in front of `command`"),
        "env_file": used(ENV_FILE, "a path, a list of paths, or of `path`, `required`, `format` (`raw`)"),
        "environment": used(PAIRS, "a bare `KEY` takes its value from the environment of `up`"),
        "expose": used(ListOf(SCALAR), "kept; nothing filters between services of a network"),
        "extends": used(
            OneOf((TEXT, inner.quiet({"service": TEXT, "file": TEXT}, ("service",), extensible=False))), "Compose's merge rules"
        ),
        "external_links": ignored(TEXTS, "there are no containers outside the lab"),
        "extra_hosts": used(
            inner.EXTRA_HOSTS, "lines in /etc/hosts; `host-gateway` is the gateway's address, which leads to the host"
        ),
        "gpus": ignored(inner.GPUS, HOST),
        "group_add": ignored(ListOf(SCALAR), HOST),
        "healthcheck": used(HEALTHCHECK, "see below"),
        "hostname": used(TEXT, "the name of the service's UTS namespace"),
        "image": used(TEXT, "`host`: the command runs; any other: an idle namespace (see x-dataplane)"),
        "init": used(FLAG, "reap orphans; the service's shim always does"),
        "ipc": ignored(TEXT, HOST),
        "isolation": ignored(TEXT, "Windows only"),
        "label_file": used(TEXT_OR_TEXTS, "labels from files; `labels` stands above"),
        "labels": used(PAIRS, "kept"),
        "links": used(TEXTS, "`SERVICE[:ALIAS]`: start order, and ALIAS as a name of SERVICE for this service"),
        "logging": ignored(inner.LOGGING, "`dataplane logs` keeps the output"),
        "mac_address": used(TEXT, "the MAC of the first interface"),
        "mem_limit": ignored(SIZE, UNLIMITED),
        "mem_reservation": ignored(SIZE, UNLIMITED),
        "mem_swappiness": ignored(WHOLE, UNLIMITED),
        "memswap_limit": ignored(SIZE, UNLIMITED),
        "models": ignored(inner.MODELS, "there is no model runner"),
        "network_mode": used(TEXT, "`none`, `host`, `service:NAME`, `container:NAME` of this lab, `netns:PATH`"),
        "networks": used(
            OneOf((TEXTS, MapOf(OneOf((ATTACHMENT, NULL))))), "interfaces in this order; `default` where it is absent"
        ),
        "oom_kill_disable": ignored(FLAG, UNLIMITED),
        "oom_score_adj": ignored(WHOLE, UNLIMITED),
        "pid": ignored(OneOf((TEXT, NULL)), "every service has a PID namespace of its own"),
        "pids_limit": ignored(WHOLE, UNLIMITED),
        "platform": ignored(TEXT, FILES),
        "ports": used(ListOf(PUBLISHED), "published on the host, in Docker's short form or Compose's long one: docs/gateways.md"),
        "post_start": ignored(inner.HOOKS, "hooks do not run"),
        "pre_start": ignored(inner.PRE_START, "hooks do not run"),
        "pre_stop": ignored(inner.HOOKS, "hooks do not run"),
        "privileged": ignored(FLAG, HOST),
        "profiles": used(TEXTS, "in the lab only with one of these profiles"),
        "provider": ignored(inner.PROVIDER, "nothing is called; an idle namespace without networks"),
        "pull_policy": ignored(TEXT, "nothing is pulled"),
        "pull_refresh_after": ignored(TEXT, "nothing is pulled"),
        "read_only": ignored(FLAG, FILES),
        "restart": used(TEXT, "`no`, `always`, `on-failure[:N]`, `unless-stopped`"),
        "runtime": ignored(TEXT, HOST),
        "scale": used(WHOLE, "so many instances, numbered: `web-1`, `web-2`…"),
        "secrets": ignored(inner.FILE_GRANT, FILES),
        "security_opt": ignored(TEXTS, HOST),
        "shm_size": used(SIZE, "a /dev/shm of its own, of that size; the host's where it is absent"),
        "stdin_open": used(FLAG, "standard input stays open"),
        "stop_grace_period": used(inner.DURATION, "10s"),
        "stop_signal": used(TEXT, "SIGTERM"),
        "storage_opt": ignored(inner.STORAGE, FILES),
        "sysctls": used(PAIRS, "`net.*`; others are of the whole host, so they are left alone with a warning"),
        "tmpfs": used(TEXT_OR_TEXTS, "`/PATH[:OPTIONS]`: a file system in memory, with the options of tmpfs(5)"),
        "tty": used(FLAG, "a pseudo-terminal"),
        "ulimits": used(inner.ULIMITS, "a number, or `soft` and `hard`; `-1` is no limit; `nproc` binds no process of root"),
        "use_api_socket": ignored(FLAG, "there is no Docker engine"),
        "user": used(TEXT, "`USER[:GROUP]`, names or numbers"),
        "userns_mode": ignored(TEXT, HOST),
        "uts": ignored(TEXT, "every service has a UTS namespace of its own"),
        "volumes": used(
            inner.VOLUMES, "files and folders of this host, and memory; there are no volumes: a named one is left aside"
        ),
        "volumes_from": ignored(TEXTS, FILES),
        "working_dir": used(TEXT, "where the command starts, on this host's files"),
        "x-dataplane": used(SERVICE_X, "see below"),
    },
)
