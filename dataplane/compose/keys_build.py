"""Keys under ``build``, ``develop``, ``blkio_config`` and the like: known, checked, and without effect on packets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dataplane.compose.durations import duration
from dataplane.compose.keys import (
    ANY_SCALAR,
    COMMAND,
    FLAG,
    NULL,
    NUMBER,
    OPTIONS,
    PAIRS,
    SCALAR,
    SIZE,
    TEXT,
    TEXT_OR_TEXTS,
    TEXTS,
    WHOLE,
    Table,
    choice,
    used,
)
from dataplane.compose.shapes import ListOf, MapOf, OneOf, Plain, Shape

DURATION = Plain("a duration", (str,), duration, 'write a number and a unit, in quotes: "30s"')
FLAG_OR_TEXT = Plain("true, false or a text", (bool, str))


def quiet(shapes: Mapping[str, Shape], required: Iterable[str] = (), *, extensible: bool = True) -> Table:
    """A table inside an ignored key: its own keys are checked and say nothing, the outer key has been named."""
    return Table("", {name: used(shape, "") for name, shape in shapes.items()}, tuple(required), extensible)


FILE_GRANT = ListOf(OneOf((TEXT, quiet({"source": TEXT, "target": TEXT, "uid": TEXT, "gid": TEXT, "mode": SCALAR}))))
ULIMITS = MapOf(OneOf((WHOLE, quiet({"hard": WHOLE, "soft": WHOLE}, ("hard", "soft")))))
EXTRA_HOSTS = OneOf((MapOf(TEXT_OR_TEXTS), TEXTS))
HOOK_KEYS: dict[str, Shape] = {"command": COMMAND, "user": TEXT, "privileged": FLAG, "working_dir": TEXT, "environment": PAIRS}
HOOKS = ListOf(quiet(HOOK_KEYS, ("command",)))
PRE_START = ListOf(quiet({**HOOK_KEYS, "image": TEXT, "per_replica": FLAG}))

BUILD = OneOf(
    (
        TEXT,
        quiet(
            {
                "additional_contexts": PAIRS,
                "args": PAIRS,
                "cache_from": TEXTS,
                "cache_to": TEXTS,
                "context": TEXT,
                "dockerfile": TEXT,
                "dockerfile_inline": TEXT,
                "entitlements": TEXTS,
                "extra_hosts": EXTRA_HOSTS,
                "isolation": TEXT,
                "labels": PAIRS,
                "network": TEXT,
                "no_cache": FLAG,
                "no_cache_filter": TEXT_OR_TEXTS,
                "platforms": TEXTS,
                "privileged": FLAG,
                "provenance": FLAG_OR_TEXT,
                "pull": FLAG,
                "sbom": FLAG_OR_TEXT,
                "secrets": FILE_GRANT,
                "shm_size": SIZE,
                "ssh": PAIRS,
                "tags": TEXTS,
                "target": TEXT,
                "ulimits": ULIMITS,
            }
        ),
    )
)

DEVELOP = quiet(
    {
        "watch": ListOf(
            quiet(
                {
                    "action": choice("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
                    "exec": quiet(HOOK_KEYS, ("command",)),
                    "ignore": TEXT_OR_TEXTS,
                    "include": TEXT_OR_TEXTS,
                    "initial_sync": FLAG,
                    "path": TEXT,
                    "target": TEXT,
                },
                ("path", "action"),
            )
        )
    }
)

RATES = ListOf(quiet({"path": TEXT, "rate": SIZE}, extensible=False))
BLKIO = quiet(
    {
        "device_read_bps": RATES,
        "device_read_iops": RATES,
        "device_write_bps": RATES,
        "device_write_iops": RATES,
        "weight": WHOLE,
        "weight_device": ListOf(quiet({"path": TEXT, "weight": WHOLE}, extensible=False)),
    },
    extensible=False,
)

CREDENTIALS = quiet({"config": TEXT, "file": TEXT, "registry": TEXT})
DEVICES = ListOf(OneOf((TEXT, quiet({"source": TEXT, "target": TEXT, "permissions": TEXT}, ("source",)))))
DEVICE_REQUEST: dict[str, Shape] = {"capabilities": TEXTS, "count": SCALAR, "device_ids": TEXTS, "driver": TEXT, "options": PAIRS}
GPUS = OneOf((choice("all"), ListOf(quiet(DEVICE_REQUEST))))
LOGGING = quiet({"driver": TEXT, "options": MapOf(OneOf((SCALAR, NULL)))})
MODELS = OneOf((TEXTS, MapOf(OneOf((quiet({"endpoint_var": TEXT, "model_var": TEXT}), NULL)))))
PROVIDER = quiet({"type": TEXT, "options": MapOf(OneOf((ANY_SCALAR, ListOf(ANY_SCALAR))))}, ("type",))
STORAGE = MapOf(ANY_SCALAR)

VOLUME_MOUNT = quiet(
    {
        "type": choice("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
        "source": TEXT,
        "target": TEXT,
        "read_only": FLAG,
        "consistency": TEXT,
        "bind": quiet(
            {
                "propagation": TEXT,
                "create_host_path": FLAG,
                "recursive": choice("enabled", "disabled", "writable", "readonly"),
                "selinux": choice("z", "Z"),
            }
        ),
        "volume": quiet({"labels": PAIRS, "nocopy": FLAG, "subpath": TEXT}),
        "tmpfs": quiet({"size": SIZE, "mode": SCALAR}),
        "image": quiet({"subpath": TEXT}),
    },
    ("type",),
)
VOLUMES = ListOf(OneOf((TEXT, VOLUME_MOUNT)))

RESOURCES = quiet(
    {
        "limits": quiet({"cpus": NUMBER, "memory": SIZE, "pids": WHOLE}),
        "reservations": quiet(
            {
                "cpus": NUMBER,
                "memory": SIZE,
                "generic_resources": ListOf(quiet({"discrete_resource_spec": quiet({"kind": TEXT, "value": NUMBER})})),
                "devices": ListOf(quiet(DEVICE_REQUEST, ("capabilities",))),
            }
        ),
    }
)
ROLLOUT = quiet(
    {
        "parallelism": WHOLE,
        "delay": DURATION,
        "failure_action": TEXT,
        "monitor": DURATION,
        "max_failure_ratio": NUMBER,
        "order": choice("start-first", "stop-first"),
    }
)
PLACEMENT = quiet({"constraints": TEXTS, "preferences": ListOf(quiet({"spread": TEXT})), "max_replicas_per_node": WHOLE})

NAMED: dict[str, Shape] = {"name": TEXT, "external": OneOf((FLAG, quiet({"name": TEXT}))), "labels": PAIRS}
VOLUME = OneOf((quiet({**NAMED, "driver": TEXT, "driver_opts": OPTIONS}), NULL))
SECRET = quiet({**NAMED, "environment": TEXT, "file": TEXT, "driver": TEXT, "driver_opts": OPTIONS, "template_driver": TEXT})
CONFIG = quiet({**NAMED, "content": TEXT, "environment": TEXT, "file": TEXT, "template_driver": TEXT})
MODEL = quiet({"name": TEXT, "model": TEXT, "context_size": WHOLE, "runtime_flags": TEXTS}, ("model",))
