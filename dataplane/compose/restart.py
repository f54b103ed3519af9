"""``restart`` and ``deploy.restart_policy`` -> `model.Restart`."""

from __future__ import annotations

from dataplane.compose.findings import Findings
from dataplane.compose.nodes import At, is_decimal
from dataplane.model import Restart

POLICIES = ("no", "always", "on-failure", "unless-stopped")
CONDITIONS = {"none": "no", "on-failure": "on-failure", "any": "always"}


def restart(name: str, service: At, findings: Findings) -> Restart:
    """When the process is started again. ``deploy.restart_policy`` stands above ``restart`` (Compose Deploy Specification)."""
    deploy = service.get("deploy")
    policy = deploy.get("restart_policy") if deploy else None
    if policy is not None:
        condition, attempts = policy.get("condition"), policy.get("max_attempts")
        count = attempts.integer() if attempts else 0
        if attempts and count < 0:
            raise attempts.wrong(f"{count} is negative", "write how many restarts to try, or leave it out")
        chosen = CONDITIONS[condition.text() if condition else "any"]
        if count and chosen != "on-failure":
            findings.ignore("deploy.restart_policy.max_attempts", name)
            count = 0
        return Restart(policy=chosen, max_retries=count)
    written = service.get("restart")
    if written is None:
        return Restart()
    word, colon, retries = written.text().partition(":")
    if word not in POLICIES or (colon and (word != "on-failure" or not is_decimal(retries) or int(retries) < 0)):
        raise written.wrong(
            f'"{written.text()}" is not a restart policy', 'write "no", always, on-failure, on-failure:5 or unless-stopped'
        )
    return Restart(policy=word, max_retries=int(retries or 0))
