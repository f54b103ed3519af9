"""``restart`` and ``deploy.restart_policy`` -> `model.Restart`."""

from __future__ import annotations

from dataplane.compose.nodes import At, is_decimal
from dataplane.model import Restart

POLICIES = ("no", "always", "on-failure", "unless-stopped")
CONDITIONS = {"none": "no", "on-failure": "on-failure", "any": "always"}


def restart(service: At) -> Restart:
    """When the process is started again. ``deploy.restart_policy`` stands above ``restart`` (Compose Deploy Specification)."""
    deploy = service.get("deploy")
    policy = deploy.get("restart_policy") if deploy else None
    if policy is not None:
        condition, attempts = policy.get("condition"), policy.get("max_attempts")
        count = attempts.integer() if attempts else 0
        if attempts and count < 0:
            raise attempts.wrong(f"{count} is negative", "write how many restarts to try, or leave it out")
        return Restart(policy=CONDITIONS[condition.text() if condition else "any"], max_retries=count)
    written = service.get("restart")
    if written is None:
        return Restart()
    name, colon, retries = written.text().partition(":")
    if name not in POLICIES or (colon and (name != "on-failure" or not is_decimal(retries) or int(retries) < 0)):
        raise written.wrong(
            f'"{written.text()}" is not a restart policy', 'write "no", always, on-failure, on-failure:5 or unless-stopped'
        )
    return Restart(policy=name, max_retries=int(retries or 0))
