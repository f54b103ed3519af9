"""Keys under ``deploy`` and ``healthcheck``."""

from __future__ import annotations

from dataplane.compose.keys import COMMAND, FLAG, PAIRS, TEXT, WHOLE, Table, choice, ignored, used
from dataplane.compose.keys_build import DURATION, PLACEMENT, RESOURCES, ROLLOUT

RESTART_POLICY = Table(
    "deploy.restart_policy",
    {
        "condition": used(choice("none", "on-failure", "any"), "as `restart` `no`, `on-failure`, `always`; stands above `restart`"),
        "max_attempts": used(WHOLE, "restarts before giving up, with `on-failure`"),
        "delay": ignored(DURATION, "restarts wait as Docker's do: 100 ms, doubling"),
        "window": ignored(DURATION, "see `delay`"),
    },
)
DEPLOY = Table(
    "deploy",
    {
        "mode": used(choice("replicated", "global", "replicated-job", "global-job"), "`global` on one host is one replica"),
        "replicas": used(WHOLE, "as `scale`; when both are written they must agree"),
        "restart_policy": used(RESTART_POLICY, "see below"),
        "endpoint_mode": ignored(TEXT, "names give every replica's address"),
        "labels": ignored(PAIRS, "there is no swarm"),
        "placement": ignored(PLACEMENT, "there is one host"),
        "resources": ignored(RESOURCES, "nothing is limited"),
        "rollback_config": ignored(ROLLOUT, "there is no swarm"),
        "update_config": ignored(ROLLOUT, "there is no swarm"),
    },
)
HEALTHCHECK = Table(
    "healthcheck",
    {
        "test": used(COMMAND, "a text (run by `/bin/sh -c`), or a list beginning with `NONE`, `CMD` or `CMD-SHELL`"),
        "interval": used(DURATION, "30s"),
        "timeout": used(DURATION, "30s"),
        "retries": used(WHOLE, "3"),
        "start_period": used(DURATION, "0s"),
        "start_interval": used(DURATION, "5s"),
        "disable": used(FLAG, "as `test: NONE`"),
    },
)
